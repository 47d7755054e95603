// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// Where each key of a map is among its members, and the same for those of its values into which maps were merged.
struct MapIndex {
  std::unordered_map<std::string, std::size_t> positions;
  std::unordered_map<std::string, std::unique_ptr<MapIndex>> values;
};

/// Adds a member to a map, or merges it with the one of the same key, which was earlier in the sources: maps
/// recursively, lists are appended, of texts the last one remains. A key without a value changes no list or map. Other
/// differences of kind go to `problems` with both places; the earlier value then stays. `path` is that of the member.
/// `index` belongs to the map, and is empty as long as the map is.
void addMember(Node& map, MapIndex& index, Node::Member member, const std::string& path, Problems& problems);

}  // namespace deploy
