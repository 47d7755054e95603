// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "daemon/instances/context.hpp"
#include "daemon/instances/owner_command.hpp"
#include "daemon/layout/plan.hpp"

namespace instances {

/// The output of a check of an instance's configuration, cleaned for a terminal.
struct CheckResult {
  std::optional<std::string> objection;  ///< why a start with it would fail, or why that is unknown
  std::vector<std::string> warnings;
  bool filesInPlace = false;  ///< what the entry needs is there already
};

/// Lets `supervisord --check` read the configuration of `entry` as its owner, with the environment, directory and
/// limits that the instance starts with. `plan`: what will be put in place before that; null: the files as they are.
/// A supervisord that has no such option has nothing to object.
[[nodiscard]] core::Task<CheckResult> checkConfiguration(InstanceContext& context, const entries::Entry& entry,
                                                         const std::string& mark, const layout::Plan* plan);

}  // namespace instances
