// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "ctl/supervisor-manager/client.hpp"

namespace manager {

namespace {

struct ToText {
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(bool yes) const { return yes ? "yes" : "no"; }
  std::string operator()(std::int64_t number) const { return fmt::to_string(number); }
  std::string operator()(std::uint64_t number) const { return fmt::to_string(number); }
  std::string operator()(const std::map<std::string, std::uint32_t>& counts) const {
    std::string text;
    for (const auto& [word, count] : counts) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
    return text;
  }
};

}  // namespace

std::string textOf(const Properties& properties, const std::string& name) {
  const auto at = properties.find(name);
  return at == properties.end() ? std::string() : std::visit(ToText{}, at->second);
}

std::uint64_t numberOf(const Properties& properties, const std::string& name) {
  const auto at = properties.find(name);
  if (at == properties.end()) return 0;
  if (const auto* number = std::get_if<std::uint64_t>(&at->second)) return *number;
  return 0;
}

}  // namespace manager
