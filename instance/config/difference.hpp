// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "instance/config/model.hpp"

namespace config {

/// Names of groups: added and changed ones in the order of `now`, removed ones in that of `old`.
struct Difference {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;
};

/// The changes that turn `old` (the active groups) into `now`. Of groups with the same name the last one counts.
[[nodiscard]] Difference difference(std::span<const GroupPtr> old, std::span<const GroupPtr> now);

/// Whether two groups are equal in everything that affects their running programs.
[[nodiscard]] bool sameGroup(const GroupConfig& a, const GroupConfig& b);

}  // namespace config
