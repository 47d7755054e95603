// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "daemon/instances/context.hpp"
#include "daemon/instances/process_table.hpp"
#include "lib/core/task.hpp"
#include "lib/core/users.hpp"

namespace instances {

/// Sends a signal that an owner may ask for: from a helper with the owner's ids, so that it reaches what the owner
/// itself could signal and nothing else. A program of the instance may have become another account's (sudo).
/// Returns 0, or the errno of the last process that could not be signalled; the main process is the last one.
/// Processes that have ended meanwhile are skipped. Without `identity` the helper keeps the ids of this process.
[[nodiscard]] core::Task<int> signalAsOwner(InstanceContext& context, std::optional<core::Identity> identity,
                                            std::vector<ProcessInfo> processes, int signo);

}  // namespace instances
