// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lib/core/event_loop.hpp"
#include "lib/core/reaper.hpp"
#include "lib/core/result.hpp"
#include "lib/core/task.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/core/users.hpp"

namespace layout {

/// Work in a forked helper that has become the owner of an instance: files where that account can write are used with
/// its ids only. The loop keeps running meanwhile; a helper that hangs is killed after a time limit.
/// Destroying the task kills the helper.
class OwnerTask {
 public:
  using Work = std::function<std::string()>;
  using Done = core::Completion<core::Expected<std::string>>;

  /// Forks. `identity` null: keeps the ids of this process. `done` is called from the loop with what `work` returned
  /// in the helper.
  OwnerTask(core::EventLoop& loop, core::Reaper& reaper, const core::Identity* identity, const Work& work, Done done,
            core::Duration limit = core::seconds(30));
  ~OwnerTask();
  OwnerTask(const OwnerTask&) = delete;
  OwnerTask& operator=(const OwnerTask&) = delete;

 private:
  void onReadable();
  void end();
  void finish(core::Expected<std::string> result);

  core::Reaper& reaper_;
  Done done_;
  pid_t pid_ = -1;
  core::UniqueFd pipe_;
  std::string output_;
  std::unique_ptr<core::IoWatch> watch_;
  core::Timer timer_;
  core::Deferred failed_;
};

/// Runs `work` in such a helper and returns what it returned there. Destroying the task kills the helper.
[[nodiscard]] core::Task<core::Expected<std::string>> runAsOwner(core::EventLoop& loop, core::Reaper& reaper,
                                                                 std::optional<core::Identity> identity,
                                                                 OwnerTask::Work work,
                                                                 core::Duration limit = core::seconds(30));

}  // namespace layout
