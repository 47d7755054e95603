// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/scalar.hpp"

#include <charconv>

#include "lib/core/base64.hpp"
#include "lib/core/text.hpp"

namespace xmlrpc {
namespace {

core::Err<core::Error> notA(std::string_view what, std::string_view text) {
  return core::Err{core::Error{core::pythonRepr(text.substr(0, 80)) + " is not " + std::string(what)}};
}

core::Expected<Value> readReal(std::string_view text) {
  std::string_view digits = core::trim(text);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double real = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), real);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return notA("a double", text);
  return Value{real};
}

}  // namespace

core::Expected<Value> readScalar(std::string_view type, std::string text) {
  if (type == "string") return Value{std::move(text)};
  if (type == "int" || type == "i4") {
    const auto integer = core::parseInteger(core::trim(text));
    if (!integer) return notA("an integer", text);
    return Value{*integer};
  }
  if (type == "boolean") return Value{text == "1"};
  if (type == "double") return readReal(text);
  if (type == "nil") return Value{Nil{}};
  if (type == "dateTime.iso8601") return Value{DateTime{std::move(text)}};
  if (type == "base64") {
    auto bytes = core::decodeBase64(text);
    if (!bytes) return notA("base64", text);
    if (!core::isUtf8(*bytes)) return notA("base64 of a UTF-8 text", text);
    return Value{std::move(*bytes)};
  }
  return Value{std::move(text)};
}

}  // namespace xmlrpc
