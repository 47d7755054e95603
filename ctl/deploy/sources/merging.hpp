// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <unordered_map>

#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// Where each key of a map is among its members.
using MapIndex = std::unordered_map<std::string, std::size_t>;

/// Merges `from`, which stands later in the sources, into `into`: maps recursively, lists are appended, of texts the
/// last one remains. A key without a value changes no list or map. Other differences of kind go to `problems` with both
/// places; `into` then stays. `path` is that of the value.
void merge(Node& into, Node from, const std::string& path, Problems& problems);

/// Adds a member to a map, or merges it with the one of the same key. `path` is that of the member.
void addMember(Node& map, MapIndex& index, Node::Member member, const std::string& path, Problems& problems);

}  // namespace deploy
