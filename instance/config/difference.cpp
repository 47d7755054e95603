// SPDX-License-Identifier: MIT
#include "instance/config/difference.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace config {
namespace {

std::map<std::string_view, const GroupConfig*> byName(std::span<const GroupPtr> groups) {
  std::map<std::string_view, const GroupConfig*> out;
  for (const auto& group : groups) out.insert_or_assign(group->name, group.get());
  return out;
}

}  // namespace

bool sameGroup(const GroupConfig& a, const GroupConfig& b) {
  return a.kind == b.kind && a.name == b.name && a.priority == b.priority && a.listener == b.listener &&
         a.sockets == b.sockets && a.scales == b.scales &&
         std::equal(a.processes.begin(), a.processes.end(), b.processes.begin(), b.processes.end(),
                    [](const auto& x, const auto& y) { return x == y || *x == *y; });  // shared ones need no comparison
}

Difference difference(std::span<const GroupPtr> old, std::span<const GroupPtr> now) {
  Difference out;
  const auto before = byName(old), after = byName(now);
  for (const auto& group : now) {
    const auto at = before.find(group->name);
    if (at == before.end())
      out.added.push_back(group->name);
    else if (!sameGroup(*at->second, *group))
      out.changed.push_back(group->name);
  }
  for (const auto& group : old)
    if (!after.count(group->name)) out.removed.push_back(group->name);
  return out;
}

}  // namespace config
