// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

/// Appends XML-RPC values straight to a text: answers with thousands of members cost no tree.
/// Only `& < >` are escaped, as Supervisor's marshaller does; what XML cannot carry (control bytes, invalid UTF-8)
/// is replaced by U+FFFD. Integers beyond 32 bits are clamped.
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
  /// Starts a member; the next value is its value. `name` must need no escape.
  void member(std::string_view name);
  void endStruct();

  /// For hand-made frames around values: the text escaped, the digits of the clamped number; no tags.
  static void appendText(std::string& out, std::string_view text);
  static void appendDigits(std::string& out, std::int64_t value);

 private:
  std::string& out_;
};

}  // namespace xmlrpc
