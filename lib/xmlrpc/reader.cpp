// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/reader.hpp"

#include <utility>

#include "lib/xmlrpc/parser.hpp"

namespace xmlrpc {

core::Expected<Request> readRequest(std::string_view xml, const Limits& limits) {
  Parser parser(limits);
  if (!parser.parse(xml)) return core::Err{core::Error{parser.error()}};
  if (parser.method.empty()) return core::Err{core::Error{"no method name"}};
  return Request{std::move(parser.method), std::move(parser.params)};
}

core::Expected<std::variant<Value, Fault>> readResponse(std::string_view xml, const Limits& limits) {
  Parser parser(limits);
  if (!parser.parse(xml)) return core::Err{core::Error{parser.error()}};
  if (parser.fault) {
    const Value* code = parser.fault->member("faultCode");
    const Value* text = parser.fault->member("faultString");
    if (code == nullptr || code->integer() == nullptr || text == nullptr || text->string() == nullptr)
      return core::Err{core::Error{"a fault without faultCode and faultString"}};
    return std::variant<Value, Fault>(Fault{static_cast<int>(*code->integer()), *text->string()});
  }
  if (parser.params.size() != 1) return core::Err{core::Error{"an answer holds one value"}};
  return std::variant<Value, Fault>(std::move(parser.params.front()));
}

}  // namespace xmlrpc
