// SPDX-License-Identifier: MIT
#include "ctl/deploy/dump.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "ctl/deploy/documents.hpp"
#include "ctl/deploy/hosts.hpp"
#include "ctl/deploy/plan.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

constexpr const char* kMask = "********";

bool isSecretName(std::string_view name) {
  const auto lower = core::lower(name);
  constexpr std::array<std::string_view, 6> kWords{"password", "passwd", "passphrase", "secret", "token", "_pass"};
  return lower == "pass" || std::any_of(kWords.begin(), kWords.end(), [&lower](std::string_view word) {
           return lower.find(word) != std::string::npos;
         });
}

/// KEY=value of an environment, without the value of a secret.
std::string maskedSetting(const std::string& setting) {
  const auto equals = setting.find('=');
  if (equals == std::string::npos || !isSecretName(setting.substr(0, equals))) return setting;
  return setting.substr(0, equals + 1) + kMask;
}

Value masked(std::string_view name, const Value& value) {
  if (const auto* members = std::get_if<Value::Map>(&value.data)) {
    Value::Map result;
    for (const auto& [key, member] : *members) result.emplace_back(key, masked(key, member));
    return map(std::move(result));
  }
  if (const auto* items = std::get_if<Value::List>(&value.data)) {
    Value::List result;
    for (const auto& item : *items) result.push_back(masked(name, item));
    return list(std::move(result));
  }
  if (isSecretName(name)) return text(kMask);
  const auto* const written = std::get_if<std::string>(&value.data);
  return name == "environment" && written ? text(maskedSetting(*written)) : value;
}

Value fromNode(const Node& node) {
  if (node.kind == Node::Kind::Map) {
    Value::Map members;
    for (const auto& member : node.members) members.emplace_back(member.key, fromNode(member.value));
    return map(std::move(members));
  }
  if (node.kind == Node::Kind::List) {
    Value::List items;
    for (const auto& item : node.items) items.push_back(fromNode(item));
    return list(std::move(items));
  }
  return text(node.text);
}

/// Attributes by which people know an item.
constexpr std::array<std::string_view, 4> kNames{"name", "login", "path", "src"};

bool isName(std::string_view key) { return std::find(kNames.begin(), kNames.end(), key) != kNames.end(); }

/// An item: its names, its place, its hosts, and all else.
Value dumpedItem(const Item& item) {
  Value::Map members;
  for (const auto key : kNames)
    if (item.has(key)) members.emplace_back(std::string(key), text(item.text(key)));
  members.emplace_back("at", text(toText(item.mark)));
  if (!item.hosts.empty()) members.emplace_back("hosts", texts(item.hosts));
  for (const auto& [key, value] : item.values)
    if (!isName(key)) members.emplace_back(key, masked(key, value));
  return map(std::move(members));
}

Value dumpedHosts(const Application& application) {
  std::map<std::string, std::vector<std::string>> groupsOf;
  for (const auto& [group, hosts] : application.groups)
    for (const auto& host : hosts) groupsOf[host].push_back(group);
  Value::List hosts;
  for (const auto& host : application.section("hosts")) {
    auto dumped = dumpedItem(host);
    std::get<Value::Map>(dumped.data).emplace_back("groups", texts(groupsOf[host.text("name")]));
    hosts.push_back(std::move(dumped));
  }
  return list(std::move(hosts));
}

}  // namespace

Value dump(const Application& application) {
  Value::Map sections{{"hosts", dumpedHosts(application)}};
  Value::Map groups;
  for (const auto& [name, hosts] : application.groups) groups.emplace_back(name, texts(hosts));
  if (!groups.empty()) sections.emplace_back("host_groups", map(std::move(groups)));
  std::vector<std::string_view> names = plannedSections();
  names.emplace_back("ansible_playbooks");
  for (const auto name : names) {
    Value::List items;
    for (const auto& item : application.section(name)) items.push_back(dumpedItem(item));
    if (!items.empty()) sections.emplace_back(std::string(name), list(std::move(items)));
  }
  if (!application.rolesFolders.empty()) sections.emplace_back("roles_folders", texts(application.rolesFolders));
  if (!application.playbooksFolders.empty())
    sections.emplace_back("playbooks_folders", texts(application.playbooksFolders));
  sections.emplace_back("exit_on_fail", flag(application.exitOnFail));
  return map(std::move(sections));
}

Value dumpVariables(const Node& root) {
  Value::Map variables;
  for (const char* section : {"vars", "encrypted_vars"}) {
    const auto* const node = root.find(section);
    if (!node) continue;
    const bool isEncrypted = std::string_view(section) == "encrypted_vars";
    for (const auto& [key, mark, value] : node->members) {
      auto shown = isEncrypted ? text("(encrypted)") : masked(key, fromNode(value));
      variables.emplace_back(key, map({{"value", std::move(shown)}, {"at", text(toText(value.mark))}}));
    }
  }
  return map(std::move(variables));
}

}  // namespace deploy
