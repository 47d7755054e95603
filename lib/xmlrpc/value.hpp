// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace xmlrpc {

struct Value;
using Array = std::vector<Value>;
struct Member;
/// In the order of the wire.
using Struct = std::vector<Member>;
struct Nil {
  bool operator==(const Nil&) const = default;
};
/// dateTime.iso8601, as its text.
struct DateTime {
  std::string text;
  bool operator==(const DateTime&) const = default;
};

/// One XML-RPC value as it was read. base64 arrives decoded, as a string.
struct Value {
  std::variant<Nil, std::int64_t, bool, double, std::string, DateTime, Array, Struct> data;

  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&data); }
  [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data); }
  [[nodiscard]] const double* real() const { return std::get_if<double>(&data); }
  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&data); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data); }
  [[nodiscard]] const Struct* structure() const { return std::get_if<Struct>(&data); }
  /// The member `name` of a struct, or nullptr.
  [[nodiscard]] const Value* member(std::string_view name) const;
};

/// A member of a struct. std::pair would need a complete Value.
struct Member {
  std::string first;
  Value second;
};

}  // namespace xmlrpc
