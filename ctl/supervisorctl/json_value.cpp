// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/json_value.hpp"

#include <fmt/core.h>

#include <cmath>

#include "lib/core/json.hpp"

namespace ctl {
namespace {

struct JsonWriter {
  std::string operator()(const xmlrpc::Nil& /*nil*/) const { return "null"; }
  std::string operator()(std::int64_t number) const { return std::to_string(number); }
  std::string operator()(bool flag) const { return flag ? "true" : "false"; }
  std::string operator()(double number) const { return std::isfinite(number) ? fmt::format("{}", number) : "null"; }
  std::string operator()(const std::string& text) const { return core::jsonString(text); }
  std::string operator()(const xmlrpc::DateTime& time) const { return core::jsonString(time.text); }
  std::string operator()(const xmlrpc::Array& values) const {
    std::string out = "[";
    for (const auto& value : values) out += (out.size() == 1 ? "" : ",") + jsonOf(value);
    return out + "]";
  }
  std::string operator()(const xmlrpc::Struct& members) const {
    std::string out = "{";
    for (const auto& member : members)
      out += (out.size() == 1 ? "" : ",") + core::jsonString(member.first) + ":" + jsonOf(member.second);
    return out + "}";
  }
};

}  // namespace

std::string jsonOf(const xmlrpc::Value& value) { return std::visit(JsonWriter(), value.data); }

}  // namespace ctl
