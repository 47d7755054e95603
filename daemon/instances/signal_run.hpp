// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/instances/context.hpp"
#include "daemon/instances/process_table.hpp"
#include "daemon/layout/owner_task.hpp"

namespace instances {

/// Sends a signal that an owner may ask for: from a helper with the owner's ids, so that it reaches what the owner
/// itself could signal and nothing else. A program of the instance may have become another account's (sudo).
class SignalRun {
 public:
  /// 0, or the errno of the last process that could not be signalled; the main process is the last one.
  using Done = std::function<void(int code)>;

  /// Processes that have ended meanwhile are passed over. `identity` null: keeps the ids of this process.
  SignalRun(InstanceContext& context, const core::Identity* identity, std::vector<ProcessInfo> processes, int signo,
            Done done);
  [[nodiscard]] bool finished() const noexcept { return finished_; }

 private:
  bool finished_ = false;
  layout::OwnerTask task_;
};

}  // namespace instances
