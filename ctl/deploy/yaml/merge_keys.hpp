// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// The members of a map with each merge key (`<<: *a`, `<<: [*a, *b]`) replaced by the members of its maps. As YAML has
/// it, they never override a key of the map itself; of a list the first map wins, of several merge keys the last. Warns
/// where HADeploy, which goes by the order of the text, has another result.
/// `isMergeKey[i]` marks the members that are merge keys.
[[nodiscard]] std::vector<Node::Member> resolveMergeKeys(std::vector<Node::Member> members,
                                                         const std::vector<bool>& isMergeKey, Problems& problems);

}  // namespace deploy
