// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "daemon/layout/apply.hpp"
#include "daemon/layout/owner_task.hpp"
#include "lib/core/group_sync.hpp"

namespace layout {

struct DeployOptions {
  std::string root;        ///< prefix of all paths of the plan
  bool privileged = true;  ///< root; otherwise everything belongs to this process's own account
  Mode mode = Mode::Apply;
};

/// What deployments share; outlives them.
struct DeployTools {
  core::EventLoop& loop;
  core::Reaper& reaper;
  core::GroupSync& syncs;
};

/// Applies a plan: what is safe with the ids of the manager here, the rest by a helper with the owner's ids. A plan
/// with a ledger is walked twice: first all of it is checked, and nothing is done if there is an obstacle; then it is
/// recorded and carried out. Returns the changes and errors of the whole; nothing in it is delegated any more.
[[nodiscard]] core::Task<Report> deploy(DeployTools tools, DeployOptions options, Plan plan);

}  // namespace layout
