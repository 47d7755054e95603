// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace xmlrpc {

/// What a fault text says behind its code and the name of a program: "no memory" of "SPAWN_ERROR: web: no memory".
/// Empty: nothing. Names of programs contain no blanks.
[[nodiscard]] inline std::string_view reasonIn(std::string_view text) noexcept {
  const auto code = text.find(": ");
  const auto name = code == text.npos ? code : text.find(": ", code + 2);
  return name == text.npos ? std::string_view() : text.substr(name + 2);
}

}  // namespace xmlrpc
