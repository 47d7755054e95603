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

void mergeMaps(Node& into, Node from, const std::string& path, Problems& problems) {
  MapIndex index;
  for (std::size_t i = 0; i < into.members.size(); ++i) index.emplace(into.members[i].key, i);
  for (auto& member : from.members) {
    const auto memberPath = fmt::format("{}/{}", path, member.key);
    addMember(into, index, std::move(member), memberPath, problems);
  }
}

}  // namespace

void merge(Node& into, Node from, const std::string& path, Problems& problems) {
  if (into.kind != from.kind) {
    if (isNothing(from)) return;
    if (isNothing(into)) {
      into = std::move(from);
      return;
    }
    if (!into.unresolved && !from.unresolved)
      problems.error(
          from.mark, path,
          fmt::format("{} cannot be merged with {} of {}", kindName(from), kindName(into), toText(into.mark)),
          "use the same kind of value in both places");
    return;
  }
  switch (from.kind) {
    case Node::Kind::Scalar: into = std::move(from); break;
    case Node::Kind::List:
      into.items.insert(into.items.end(), std::make_move_iterator(from.items.begin()),
                        std::make_move_iterator(from.items.end()));
      break;
    case Node::Kind::Map: mergeMaps(into, std::move(from), path, problems); break;
  }
}

void addMember(Node& map, MapIndex& index, Node::Member member, const std::string& path, Problems& problems) {
  const auto [at, fresh] = index.emplace(member.key, map.members.size());
  if (fresh)
    map.members.push_back(std::move(member));
  else
    merge(map.members[at->second].value, std::move(member.value), path, problems);
}

}  // namespace deploy
