// SPDX-License-Identifier: MIT
// Any XML-RPC from a client or a server: it is read or refused, and what was read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/xmlrpc/message.hpp"
#include "lib/xmlrpc/reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)xmlrpc::readResponse(text, {});
  const auto request = xmlrpc::readRequest(text);
  if (!request) return 0;
  const auto again = xmlrpc::readRequest(xmlrpc::composeRequest("a.b", request->params), {1U << 30, 64, 1'000'000});
  if (!again || again->params.size() != request->params.size()) std::abort();
  return 0;
}
