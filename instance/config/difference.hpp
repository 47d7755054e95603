// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "instance/config/model.hpp"

namespace config {

/// Names of groups, each list in the order of its side.
struct Difference {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
};

/// What must happen to `old` (the groups that are active) to become `now`. Of groups with one name the last counts.
[[nodiscard]] Difference difference(std::span<const GroupPtr> old, std::span<const GroupPtr> now);

/// Whether two groups are the same in everything that running them depends on.
[[nodiscard]] bool sameGroup(const GroupConfig& a, const GroupConfig& b);

}  // namespace config
