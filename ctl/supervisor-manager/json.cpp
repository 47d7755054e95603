// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/json.hpp"

#include <fmt/format.h>

#include "lib/core/json.hpp"
#include "lib/core/text.hpp"

namespace manager::json {

namespace {

struct ToJson {
  std::string operator()(const std::string& text) const { return core::jsonString(text); }
  std::string operator()(bool yes) const { return yes ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return fmt::to_string(number); }
  std::string operator()(std::uint64_t number) const { return number == UINT64_MAX ? "null" : fmt::to_string(number); }
  std::string operator()(const ProgramCounts& numbers) const { return counts(numbers); }
};

}  // namespace

std::string keyOf(std::string_view property) {
  if (property == "StatusText") return "reason";  // the key that lists have for it
  if (property == "CPUUsageUSec") return "cpu_usage_usec";
  const auto isUpper = [](char c) { return c >= 'A' && c <= 'Z'; };
  std::string key;
  for (std::size_t i = 0; i < property.size(); ++i) {
    // A word begins after a small letter, and with the last of several capitals: "PIDDirectory".
    const bool begins = i > 0 && isUpper(property[i]) &&
                        (!isUpper(property[i - 1]) || (i + 1 < property.size() && !isUpper(property[i + 1])));
    if (begins) key += '_';
    key += isUpper(property[i]) ? static_cast<char>(property[i] - 'A' + 'a') : property[i];
  }
  return key;
}

std::string counts(const ProgramCounts& counts) {
  if (counts.empty()) return "null";
  std::vector<std::pair<std::string, std::string>> members;
  for (const auto& [word, count] : counts) members.emplace_back(word, fmt::to_string(count));
  return object(members);
}

std::string toText(const Value& value) { return std::visit(ToJson{}, value); }

std::string object(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out = "{";
  for (const auto& [name, value] : members)
    out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "", core::jsonString(name), value);
  return out + '}';
}

std::string array(const std::vector<std::string>& elements) { return '[' + core::join(elements, ",") + ']'; }

std::string strings(const std::vector<std::string>& texts) {
  std::vector<std::string> elements;
  for (const auto& text : texts) elements.push_back(core::jsonString(text));
  return array(elements);
}

std::string error(int code, const std::string& message) {
  return object({{"error", object({{"code", fmt::to_string(code)}, {"message", core::jsonString(message)}})}});
}

namespace {

std::string complaintsText(const std::vector<ComplaintRow>& complaints) {
  std::vector<std::string> out;
  for (const auto& one : complaints)
    out.push_back(object({{"file", core::jsonString(one.file)},
                          {"line", fmt::to_string(one.line)},
                          {"section", core::jsonString(one.section)},
                          {"key", core::jsonString(one.key)},
                          {"reason", core::jsonString(one.reason)}}));
  return array(out);
}

}  // namespace

std::string planText(const Client::Plan& plan) {
  std::vector<std::string> changes;
  for (const auto& one : plan.changes)
    changes.push_back(object({{"instance", core::jsonString(one.instance)},
                              {"action", core::jsonString(one.action)},
                              {"details", strings(one.details)}}));
  return object({{"changes", array(changes)},
                 {"refused", complaintsText(plan.refused)},
                 {"warnings", complaintsText(plan.warnings)}});
}

}  // namespace manager::json
