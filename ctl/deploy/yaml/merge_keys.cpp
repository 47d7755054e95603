// SPDX-License-Identifier: MIT
#include "ctl/deploy/yaml/merge_keys.hpp"

#include <fmt/core.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace deploy {
namespace {

using Explicit = std::unordered_map<std::string_view, std::size_t>;  // key: where it is last, in the map

/// The maps of a merge key's value; what is something else is reported and left out.
std::vector<const Node*> mapsOf(const Node& value, Problems& problems) {
  std::vector<const Node*> maps;
  const auto add = [&](const Node& node) {
    if (node.kind == Node::Kind::Map)
      maps.push_back(&node);
    else
      problems.error(node.mark, "", "'<<' needs a map, or a list of maps", "for example <<: *name");
  };
  if (value.kind != Node::Kind::List) {
    add(value);
  } else {
    for (const auto& item : value.items) add(item);
  }
  return maps;
}

/// Whether HADeploy would give the key of the map another value, since it merges at the place of the `<<`.
bool differsInHadeploy(const Node& own, std::size_t ownPlace, const Node& merged, std::size_t mergePlace) {
  const bool texts = own.kind == Node::Kind::Scalar && merged.kind == Node::Kind::Scalar;
  return !texts || (ownPlace < mergePlace && own.text != merged.text);
}

void warn(const Node::Member& own, const Mark& merge, Problems& problems) {
  problems.warning(
      own.mark, "",
      fmt::format("'{}' keeps its value here, but HADeploy also takes the one of '<<' at {}", own.key, toText(merge)),
      "remove one of them");
}

}  // namespace

std::vector<Node::Member> resolveMergeKeys(std::vector<Node::Member> members, const std::vector<bool>& isMergeKey,
                                           Problems& problems) {
  Explicit own;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (!isMergeKey[i]) own[members[i].key] = i;
  if (own.size() == members.size()) return members;

  // From the last merge key to the first: what one of them has, those before it cannot give.
  std::unordered_set<std::string_view> taken;
  std::vector<std::vector<const Node::Member*>> found(members.size());
  for (std::size_t i = members.size(); i-- > 0;) {
    if (!isMergeKey[i]) continue;
    for (const auto* map : mapsOf(members[i].value, problems)) {
      const std::size_t before = found[i].size();
      for (const auto& member : map->members) {
        if (const auto at = own.find(member.key); at != own.end()) {
          const auto& mine = members[at->second];
          if (differsInHadeploy(mine.value, at->second, member.value, i)) warn(mine, members[i].mark, problems);
        } else if (taken.count(member.key) == 0) {
          found[i].push_back(&member);
        }
      }
      // Only now: a map may have a key twice, and both are merged later.
      for (std::size_t j = before; j < found[i].size(); ++j) taken.insert(found[i][j]->key);
    }
  }

  std::vector<Node::Member> result;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!isMergeKey[i]) result.push_back(std::move(members[i]));
    for (const auto* member : found[i]) result.push_back(*member);
  }
  return result;
}

}  // namespace deploy
