// SPDX-License-Identifier: MIT
// Any message of an instance to the manager: it is parsed line by line, and the result can be written and parsed again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/instances/notify_socket.hpp"
#include "lib/core/text.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string message(reinterpret_cast<const char*>(data), size);
  const auto notice = instances::parseNotice(message);
  for (const auto& program : notice.programs) {
    require(!program.name.empty() && core::isUtf8(program.name) && core::isUtf8(program.state));
    require(program.pid >= 0 && program.state.find(' ') == std::string::npos);
    const auto again = instances::parseNotice(core::notify::programLine(program)).programs;
    // Invalid UTF-8 gets longer when it is replaced, perhaps longer than the limits of the parser.
    if (again.empty() && (program.name.size() > 256 || program.state.size() > 32)) continue;
    require(again.size() == 1 && again[0].name == program.name && again[0].state == program.state);
    require(again[0].pid == program.pid);
  }
  return 0;
}
