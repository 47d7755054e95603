// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/dialect/section_reader.hpp"

namespace config {

/// What a section [group:x] says.
struct Members {
  std::vector<std::string> programs;  ///< in the order written
  int priority = 999;
};
/// Reads it. A failure is left in `in`.
[[nodiscard]] Members readMembers(SectionReader& in, const core::Names& names);

}  // namespace config
