// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/merging.hpp"

#include <fmt/core.h>

#include <iterator>
#include <utility>

namespace deploy {
namespace {

bool isNothing(const Node& node) { return node.kind == Node::Kind::Scalar && node.text.empty() && !node.quoted; }

const char* kindName(const Node& node) {
  switch (node.kind) {
    case Node::Kind::Scalar: return "a text";
    case Node::Kind::Map: return "a map";
    case Node::Kind::List: return "a list";
  }
  return "";
}

void mergeMaps(Node& into, MapIndex& index, Node from, const std::string& path, Problems& problems) {
  // The first time the map has members that did not come through here.
  if (index.positions.size() != into.members.size())
    for (std::size_t i = 0; i < into.members.size(); ++i) index.positions.emplace(into.members[i].key, i);
  for (auto& member : from.members) {
    const auto memberPath = fmt::format("{}/{}", path, member.key);
    addMember(into, index, std::move(member), memberPath, problems);
  }
}

void mergeDifferentKinds(Node& into, Node from, const std::string& path, Problems& problems) {
  if (isNothing(from)) return;
  if (isNothing(into)) {
    into = std::move(from);
    return;
  }
  if (!into.unresolved && !from.unresolved)
    problems.error(from.mark, path,
                   fmt::format("{} cannot be merged with {} of {}", kindName(from), kindName(into), toText(into.mark)),
                   "use the same kind of value in both places");
}

void appendItems(Node& into, Node from) {
  into.items.insert(into.items.end(), std::make_move_iterator(from.items.begin()),
                    std::make_move_iterator(from.items.end()));
}

}  // namespace

void addMember(Node& map, MapIndex& index, Node::Member member, const std::string& path, Problems& problems) {
  const auto [at, fresh] = index.positions.emplace(member.key, map.members.size());
  if (fresh) {
    map.members.push_back(std::move(member));
    return;
  }
  Node& into = map.members[at->second].value;
  if (into.kind != member.value.kind) {
    mergeDifferentKinds(into, std::move(member.value), path, problems);
  } else if (into.kind == Node::Kind::Scalar) {
    into = std::move(member.value);
  } else if (into.kind == Node::Kind::List) {
    appendItems(into, std::move(member.value));
  } else {
    auto& known = index.values[member.key];
    if (!known) known = std::make_unique<MapIndex>();
    mergeMaps(into, *known, std::move(member.value), path, problems);
  }
}

}  // namespace deploy
