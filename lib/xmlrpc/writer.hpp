// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

/// Appends XML-RPC values to a text, without building a tree in memory first.
/// Only `& < >` are escaped, as in Supervisor; bytes that XML does not allow (control bytes, invalid UTF-8) are
/// replaced by U+FFFD. Integers of more than 32 bits are clamped, because XML-RPC's integers have 32.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void integer(std::int64_t value);
  void boolean(bool value);
  void real(double value);
  void string(std::string_view value);
  void nil();
  void value(const Value& value);

  void beginArray();
  void endArray();
  void beginStruct();
  /// Starts a member; the next value is its value. `name` must not need escapes.
  void member(std::string_view name);
  void endStruct();

  /// For callers that write the tags themselves: the escaped text, the digits of the clamped number.
  static void appendText(std::string& out, std::string_view text);
  static void appendDigits(std::string& out, std::int64_t value);

 private:
  std::string& out_;
};

}  // namespace xmlrpc
