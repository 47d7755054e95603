// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/dialect/control_group.hpp"

namespace process {

/// One file of a control group, and what it gets.
struct GroupWrite {
  const char* key;         ///< of the configuration
  const char* controller;  ///< that has the file
  const char* file;
  std::string value;
  bool limits;  ///< false: the file has no limit by that, and may be missing
};

/// What makes a group have these limits and no others, in this order.
[[nodiscard]] std::vector<GroupWrite> groupWrites(const config::ControlGroup& limits);

}  // namespace process
