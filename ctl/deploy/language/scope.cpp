// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>

#include "ctl/deploy/language/inventory.hpp"
#include "lib/core/text.hpp"

/// The part of Inventory that resolves scopes.
namespace deploy {
namespace {

Names intersection(const Names& a, const Names& b) {
  Names both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

Names difference(const Names& a, const Names& b) {
  Names rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(rest, rest.end()));
  return rest;
}

}  // namespace

const Inventory::Scope& Inventory::resolve(const std::string& text) {
  const auto known = scopes_.find(text);
  return known != scopes_.end() ? known->second : scopes_.emplace(text, evaluate(text)).first->second;
}

Inventory::Scope Inventory::evaluate(const std::string& text) const {
  Scope scope;
  if (text == "all" || text == "*") {
    scope.hosts = everyHost_;
    return scope;
  }
  Names united;
  bool anyUnited = false;
  std::vector<Names> required;
  std::vector<Names> excluded;
  for (const auto& piece : core::split(core::replaceAll(text, ",", ":"), ':')) {
    auto token = core::trim(piece);
    const char sign = token.empty() ? ' ' : token.front();
    if (sign == '!' || sign == '&') token = core::trim(token.substr(1));
    Names names = find(token, scope);
    if (!scope.reason.empty()) return scope;
    if (sign == '!') {
      excluded.push_back(std::move(names));
    } else if (sign == '&') {
      required.push_back(std::move(names));
    } else {
      anyUnited = true;
      united.merge(names);
    }
  }
  // As in Ansible: unions first, then intersections, then exclusions; without a union, from all hosts.
  if (!anyUnited) united = all_;
  for (const auto& names : required) united = intersection(united, names);
  for (const auto& names : excluded) united = difference(united, names);
  scope.hosts = united == all_ ? everyHost_ : HostSet(std::move(united));
  return scope;
}

Names Inventory::find(std::string_view token, Scope& scope) const {
  if (token == "all" || token == "*") return all_;
  if (all_.find(token) != all_.end()) return {std::string(token)};
  if (const auto group = groups_.find(token); group != groups_.end()) return group->second;
  // A group with a loop is there, but has no hosts: the loop is the mistake.
  if (groupDrafts_.find(token) != groupDrafts_.end()) return {};
  explainUnknown(token, scope);
  return {};
}

void Inventory::explainUnknown(std::string_view token, Scope& scope) const {
  if (token.empty()) {
    scope.reason = "has an empty name";
    scope.suggestion = "write host:group, or all";
    return;
  }
  if (token == "none" || token == "hdfs") {
    scope.reason = fmt::format("'{}' is not a scope of an item", token);
    scope.suggestion = token == "none" ? "use when: no" : "the plug-in hdfs is not supported";
    return;
  }
  scope.reason = fmt::format("there is no host and no host group '{}'", token);
  for (const auto section : {"hosts", "host_groups"})
    if (scope.suggestion = drafts_.droppedHint(section, token); !scope.suggestion.empty()) return;
  std::vector<std::string_view> names(all_.begin(), all_.end());
  for (const auto& [name, unused] : groupDrafts_) names.push_back(name);
  scope.suggestion = didYouMean(token, names);
}

}  // namespace deploy
