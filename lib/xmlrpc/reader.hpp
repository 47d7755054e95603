// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/fault.hpp"
#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

/// Limits that bound the memory for one text.
struct Limits {
  std::size_t bytes = 1 << 20;
  std::size_t depth = 64;       ///< of nested arrays and structs
  std::size_t values = 100000;  ///< in the whole text
};

struct Request {
  std::string method;
  Array params;
};

/// Reads a methodCall. The text of an error has the place and the reason ("line 3: ...").
[[nodiscard]] core::Expected<Request> readRequest(std::string_view xml, const Limits& limits = {});
/// Reads a methodResponse: its value, or its fault.
[[nodiscard]] core::Expected<std::variant<Value, Fault>> readResponse(std::string_view xml, const Limits& limits);

}  // namespace xmlrpc
