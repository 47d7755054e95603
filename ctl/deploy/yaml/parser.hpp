// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ctl/deploy/yaml/allowance.hpp"
#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// Maps, lists and scalars with an anchor, by its name. They are known in all files that are read later.
using Anchors = std::unordered_map<std::string, Node>;

struct Documents {
  std::vector<Node> roots;  ///< one for each document that is not empty
  bool complete = true;     ///< false: an error ended the reading; the root then has the members before it
};

/// Reads the YAML text of the file `name` (as shown in messages). Aliases and merge keys are resolved; tags are
/// ignored; a key that a map has several times is several members of it. What is wrong goes to `problems`.
[[nodiscard]] Documents parseYaml(const std::string& name, std::string_view text, Anchors& anchors,
                                  Allowance& allowance, Problems& problems);

}  // namespace deploy
