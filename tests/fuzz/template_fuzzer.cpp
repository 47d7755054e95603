// SPDX-License-Identifier: MIT
// Any text of a template: it is filled in, or refused with the line; a text without tags is returned unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/layout/template.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const layout::Variables kVariables{{"name", "a"}, {"user", "{{{name}}}"}, {"http_server", "yes"}};
  const auto filled = layout::fillTemplate(text, kVariables);
  if (!filled && !filled.error().text.starts_with("line ")) std::abort();
  const bool tags = text.find("{{{") != std::string_view::npos || text.find("{{%") != std::string_view::npos;
  if (!tags && (!filled || *filled != text)) std::abort();
  return 0;
}
