// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ctl/deploy/language/local_files.hpp"

namespace deploy {
namespace {

/// Words that mean something else in a scope, so that no host or group can have them as its name.
constexpr std::array kReserved{std::string_view{"all"}, std::string_view{"none"}, std::string_view{"ungrouped"}};

bool isReserved(std::string_view name) {
  return std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end();
}

bool isEveryone(std::string_view name) noexcept { return name == "all" || name == "*"; }

std::int64_t priorityOf(const Draft* draft) {
  const auto* number = std::get_if<std::int64_t>(&draft->item.values.at("priority").data);
  return number ? *number : 0;
}

template <class Map>
std::vector<std::string_view> keysOf(const Map& map) {
  std::vector<std::string_view> keys;
  for (const auto& [key, unused] : map) keys.push_back(key);
  return keys;
}

}  // namespace

Inventory::Inventory(Drafts& drafts, Problems& problems) : drafts_(drafts), problems_(problems) {
  collectHosts();
  applyHostOverrides();
  collectGroups();
  applyGroupOverrides();
  expandGroups();
  for (auto& host : drafts_.of("hosts")) fillDefaults(*findSection("hosts"), host);
  shareForceSetup();
  checkHosts();
}

void Inventory::collectHosts() {
  for (auto& host : drafts_.of("hosts")) {
    const auto name = host.known("name");
    if (name.empty()) continue;
    if (isReserved(name)) errorIn(problems_, host, "name", fmt::format("'{}' cannot be the name of a host", name));
    const auto [at, added] = hosts_.emplace(name, &host);
    if (!added)
      errorIn(problems_, host, "name", fmt::format("there are two hosts with the name '{}'", name),
              fmt::format("the other one is at {}", toText(at->second->item.mark)));
    all_.emplace(name);
  }
  everyHost_ = HostSet(all_);
}

void Inventory::applyHostOverrides() {
  std::vector<Draft*> overrides;
  for (auto& one : drafts_.of("host_overrides")) {
    fillDefaults(
        {.name = "host_overrides", .attributes = std::span(findAttribute(hostOverrideAttributes(), "priority"), 1)},
        one);
    overrides.push_back(&one);
  }
  std::stable_sort(overrides.begin(), overrides.end(),
                   [](const Draft* a, const Draft* b) { return priorityOf(a) < priorityOf(b); });
  const auto apply = [](const Draft& from, Draft& host) {
    for (const auto& [key, value] : from.item.values) {
      if (key == "name" || key == "priority") continue;
      host.origins.insert_or_assign(key,
                                    std::pair(from.node->find(key)->mark, fmt::format("{}/{}", from.item.path, key)));
      if (value == Value{std::string()})
        host.item.values.erase(key);
      else
        host.item.values.insert_or_assign(key, value);
    }
  };
  for (const auto* one : overrides) {
    const auto name = one->known("name");
    if (hosts_.empty()) {
      errorIn(problems_, *one, "", "there are no hosts to override", "add a section hosts, or a --src that has it");
    } else if (isEveryone(name)) {
      for (auto& [unused, host] : hosts_) apply(*one, *host);
    } else if (const auto host = hosts_.find(name); host != hosts_.end()) {
      apply(*one, *host->second);
    } else if (!name.empty()) {
      errorIn(problems_, *one, "name", fmt::format("there is no host '{}'", name), didYouMean(name, keysOf(hosts_)));
    }
  }
}

void Inventory::checkHosts() {
  for (auto& host : drafts_.of("hosts")) checkHost(host);
}

void Inventory::checkHost(Draft& host) {
  auto& values = host.item.values;
  if (!host.given("ssh_user") || host.origins.count("ssh_user") != 0) {
    if (!host.item.has("ssh_user"))
      errorIn(problems_, host, "", "has no ssh_user", "give one here or in host_overrides");
  } else if (host.item.has("ssh_user") && host.item.text("ssh_user").empty()) {
    errorIn(problems_, host, "ssh_user", "is empty");
  }
  if (host.item.has("ssh_password") && host.item.has("ssh_private_key_file") && reportOnce(host, "ssh_password"))
    errorIn(problems_, host, "ssh_password", "cannot be given together with ssh_private_key_file");
  checkKey(host);
  for (const auto key : {"become_method", "become_user", "become_pass", "become_exe"})
    if (host.item.has(key)) values.try_emplace("become", Value{true});
}

void Inventory::checkKey(const Draft& host) {
  const auto path = host.known("ssh_private_key_file");
  if (path.empty()) return;
  auto known = keys_.find(path);
  if (known == keys_.end()) known = keys_.emplace(path, whyUnreadable(std::string(path), LocalKind::File)).first;
  if (!known->second.empty() && reportOnce(host, "ssh_private_key_file"))
    errorIn(problems_, host, "ssh_private_key_file", known->second);
}

bool Inventory::reportOnce(const Draft& host, std::string_view key) {
  // An override of all hosts with a mistake is one mistake.
  const auto origin = host.origins.find(key);
  return origin == host.origins.end() || reported_.insert(origin->second.second).second;
}

void Inventory::collectGroups() {
  for (auto& group : drafts_.of("host_groups")) {
    const auto name = group.known("name");
    if (name.empty()) continue;
    if (isReserved(name)) errorIn(problems_, group, "name", fmt::format("'{}' cannot be the name of a group", name));
    if (const auto host = hosts_.find(name); host != hosts_.end())
      errorIn(problems_, group, "name", fmt::format("'{}' is already the name of a host", name),
              fmt::format("the host is at {}", toText(host->second->item.mark)));
    const auto [at, added] = groupDrafts_.emplace(name, Group{&group});
    if (!added)
      errorIn(problems_, group, "name", fmt::format("there are two host groups with the name '{}'", name),
              fmt::format("the other one is at {}", toText(at->second.draft->item.mark)));
  }
}

void Inventory::applyGroupOverrides() {
  const auto apply = [](const Draft& from, Draft& group) {
    for (const auto& [key, value] : from.item.values) {
      if (key == "name") continue;
      group.origins.insert_or_assign(key,
                                     std::pair(from.node->find(key)->mark, fmt::format("{}/{}", from.item.path, key)));
      group.item.values.insert_or_assign(key, value);
    }
  };
  for (auto& one : drafts_.of("host_group_overrides")) {
    const auto name = one.known("name");
    if (isEveryone(name)) {
      for (auto& [unused, group] : groupDrafts_) apply(one, *group.draft);
    } else if (const auto group = groupDrafts_.find(name); group != groupDrafts_.end()) {
      apply(one, *group->second.draft);
    } else if (!name.empty()) {
      errorIn(problems_, one, "name", fmt::format("there is no host group '{}'", name),
              didYouMean(name, keysOf(groupDrafts_)));
    }
  }
}

void Inventory::expandGroups() {
  std::vector<std::string_view> chain;
  for (const auto& [name, group] : groupDrafts_) expand(name, chain);
}

const Names* Inventory::expand(std::string_view name, std::vector<std::string_view>& chain) {
  auto& group = groupDrafts_.find(name)->second;
  if (group.state == Group::State::Done) return &groups_.find(name)->second;
  // Each level is a call: a chain without an end must not use up the stack.
  constexpr std::size_t deepest = 100;
  if (group.state == Group::State::Open || chain.size() == deepest) {
    const auto first = std::find(chain.begin(), chain.end(), name);
    errorIn(problems_, *groupDrafts_.find(chain.back())->second.draft, "groups",
            first == chain.end()
                ? fmt::format("groups are nested in each other more than {} times", deepest)
                : fmt::format("group '{}' contains itself: {} > {}", name, fmt::join(first, chain.end(), " > "), name));
    return nullptr;
  }
  group.state = Group::State::Open;
  chain.push_back(name);
  Names names;
  addMembers(*group.draft, names, chain);
  chain.pop_back();
  group.state = Group::State::Done;
  return &groups_.insert_or_assign(std::string(name), std::move(names)).first->second;
}

void Inventory::addMembers(const Draft& group, Names& names, std::vector<std::string_view>& chain) {
  const auto listOf = [&](std::string_view key) {
    const auto found = group.item.values.find(key);
    return found == group.item.values.end() ? nullptr : std::get_if<Value::List>(&found->second.data);
  };
  if (const auto* hosts = listOf("hosts"))
    for (const auto& one : *hosts) {
      const auto& host = std::get<std::string>(one.data);
      if (all_.count(host) != 0)
        names.insert(host);
      else
        errorIn(problems_, group, "hosts", fmt::format("there is no host '{}'", host),
                didYouMean(host, keysOf(hosts_)));
    }
  if (const auto* groups = listOf("groups"))
    for (const auto& one : *groups) {
      const auto& member = std::get<std::string>(one.data);
      if (groupDrafts_.count(member) == 0)
        errorIn(problems_, group, "groups", fmt::format("there is no host group '{}'", member),
                didYouMean(member, keysOf(groupDrafts_)));
      else if (const Names* more = expand(member, chain))
        names.insert(more->begin(), more->end());
    }
}

void Inventory::shareForceSetup() {
  for (const auto& [name, group] : groupDrafts_) {
    const auto force = group.draft->item.values.find("force_setup");
    if (force == group.draft->item.values.end() || force->second != Value{true}) continue;
    for (const auto& host : groups_.at(name)) hosts_.at(host)->item.values["force_setup"] = Value{true};
  }
}

}  // namespace deploy
