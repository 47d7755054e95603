// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "daemon/instances/process_finder.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/task.hpp"

namespace instances {

struct SweepResult {
  std::size_t ended = 0;
  std::size_t left = 0;  ///< would not end: they hang in the kernel
};

/// Ends the processes that `find` finds: SIGTERM, after `grace` SIGKILL, and looks again until there are none, since a
/// process may have made others meanwhile. Without a grace SIGKILL comes first. What has not ended `killTime` after
/// SIGKILL hangs in the kernel. Signals go through pidfds: a pid is never trusted.
[[nodiscard]] core::Task<SweepResult> sweep(core::EventLoop& loop,
                                            std::function<core::Task<std::vector<FoundProcess>>()> find,
                                            core::Duration grace, core::Duration killTime = core::seconds(5));

}  // namespace instances
