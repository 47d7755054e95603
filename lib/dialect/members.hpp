// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/dialect/section_reader.hpp"

namespace config {

/// The content of a section [group:x].
struct Members {
  std::vector<std::string> programs;  ///< in the order written
  int priority = 999;
};
/// Reads the section of `in`. A failure is stored in `in`.
[[nodiscard]] Members readMembers(SectionReader& in, const core::Names& names);

}  // namespace config
