// SPDX-License-Identifier: MIT
#include "instance/state/heads.hpp"

#include "instance/state/records.hpp"

namespace state {
namespace {

/// A key of one or two parts.
std::string head(const char* type, std::string_view first, std::optional<std::string_view> second = std::nullopt) {
  std::string out(type);
  out += ' ';
  appendEscaped(out, first, second ? ':' : '\0');
  if (second) {
    out += ':';
    appendEscaped(out, *second);
  }
  return out;
}

}  // namespace

std::string headOf(const config::GroupConfig& value) { return head("group", value.name); }
std::string headOf(const Program& value) { return head("program", std::to_string(value.number)); }
std::string headOf(const SharedSocket& value) { return head("socket", value.group, std::to_string(value.place)); }
std::string headOf(const Event& value) { return head("event", std::to_string(value.serial)); }
std::string headOf(const Pool& value) { return head("pool", value.group); }
std::string headOf(const Listener& value) { return head("listener", value.group, value.name); }
std::string headOf(const Configured& value) { return head("configured", value.name); }
std::string headOf(const Server& value) { return head("server", value.socket); }
std::string headOf(const Connection& value) { return head("connection", value.socket); }
std::string headOf(const Descriptor& value) { return head("descriptor", value.name); }

}  // namespace state
