// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "daemon/instances/process_finder.hpp"
#include "lib/core/event_loop.hpp"

namespace instances {

/// Ends the processes that belong to an instance: SIGTERM, after a while SIGKILL, and looks again until there are none,
/// since a process may have made others meanwhile. Signals go through pidfds: a pid is never trusted.
class Sweeper {
 public:
  /// Looks for them; answers at once or from the loop, and not when the function is gone.
  using Find = std::function<void(ProcessFinder::Done)>;
  /// `ended` is how many processes there were; `left` how many would not go (unkillable, in the kernel).
  using Done = std::function<void(std::size_t ended, std::size_t left)>;

  /// `grace` is the time between SIGTERM and SIGKILL; none: SIGKILL at once. What has not ended `killTime` after
  /// SIGKILL hangs in the kernel.
  Sweeper(core::EventLoop& loop, Find find, core::Duration grace, Done done,
          core::Duration killTime = core::seconds(5));
  /// Looks and signals; with nothing to end, `done` is called before this returns.
  void run();

 private:
  struct Victim {
    core::UniqueFd pidfd;
    std::unique_ptr<core::IoWatch> watch;
  };
  void round();
  void signalAll(std::vector<FoundProcess> found);
  void onExit(std::size_t index);
  void onTime();
  void finish(std::size_t left);

  core::EventLoop& loop_;
  Find find_;
  core::Duration grace_;
  core::Duration killTime_;
  Done done_;
  std::vector<Victim> victims_;
  std::size_t alive_ = 0;
  std::size_t ended_ = 0;
  int rounds_ = 0;
  bool force_ = false;
  bool looking_ = false;
  core::Timer timer_;
};

}  // namespace instances
