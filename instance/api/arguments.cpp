// SPDX-License-Identifier: MIT
#include "instance/api/arguments.hpp"

#include <fmt/format.h>

#include "instance/api/method.hpp"
#include "lib/core/text.hpp"

namespace api {

using xmlrpc::FaultCode;

Argument<std::string> textArgument(const xmlrpc::Value& value, std::string_view name) {
  if (const auto* text = value.string()) return *text;
  return fail(FaultCode::IncorrectParameters, fmt::format("{} must be a string", name));
}

Argument<std::int64_t> integerArgument(const xmlrpc::Value& value, std::string_view name) {
  if (const auto* number = value.integer()) return *number;
  if (const auto* flag = value.boolean()) return *flag ? 1 : 0;  // in Python, bool is an int
  if (const auto* text = value.string())
    if (const auto number = core::parseInteger(core::trim(*text))) return *number;
  return fail(FaultCode::IncorrectParameters, fmt::format("{} must be an integer", name));
}

bool truth(const xmlrpc::Value& value) noexcept {
  struct Visitor {
    bool operator()(const xmlrpc::Nil&) const { return false; }
    bool operator()(std::int64_t v) const { return v != 0; }
    bool operator()(bool v) const { return v; }
    bool operator()(double v) const { return v != 0; }
    bool operator()(const std::string& v) const { return !v.empty(); }
    bool operator()(const xmlrpc::DateTime&) const { return true; }
    bool operator()(const xmlrpc::Array& v) const { return !v.empty(); }
    bool operator()(const xmlrpc::Struct& v) const { return !v.empty(); }
  };
  return std::visit(Visitor{}, value.data);
}

bool waits(const xmlrpc::Array& params, std::size_t index) noexcept {
  return params.size() <= index || truth(params[index]);
}

std::string scalarText(const xmlrpc::Value& value) {
  if (const auto* text = value.string()) return *text;
  if (const auto* number = value.integer()) return std::to_string(*number);
  if (const auto* flag = value.boolean()) return *flag ? "True" : "False";
  if (const auto* real = value.real()) return fmt::format("{}", *real);
  return {};
}

}  // namespace api
