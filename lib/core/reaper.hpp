// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>

#include "lib/core/event_loop.hpp"

namespace core {

/// Reaps every child of this process, also orphans that it inherits (as PID 1 or subreaper), and calls back for those
/// that are watched. Keeps SIGCHLD blocked; one per process.
class Reaper {
 public:
  /// `status` as waitpid has it.
  using Callback = std::function<void(int status)>;

  explicit Reaper(EventLoop& loop);

  /// Calls back once when `pid`, a child, has ended. Call it before the loop runs again after the fork. A callback that
  /// throws (std::bad_alloc for instance) is called again after a pause, unless it has forgotten its pid: no end is
  /// lost.
  void watch(pid_t pid, Callback callback) { watched_.insert_or_assign(pid, Watched{std::move(callback), {}}); }
  /// Cancels the callback; the child is still reaped.
  void forget(pid_t pid) {
    if (pid == telling_) telling_ = 0;
    watched_.erase(pid);
  }
  [[nodiscard]] bool watches(pid_t pid) const { return watched_.count(pid) > 0; }
  /// Called after each round in which something was reaped.
  void onRound(std::function<void()> callback) { round_ = std::move(callback); }

 private:
  struct Watched {
    Callback callback;
    std::optional<int> ended;  ///< reaped, and not reported yet
  };
  void reap();
  void tell(std::map<pid_t, Watched>::iterator who, int status);
  void tellAgain();

  std::map<pid_t, Watched> watched_;
  bool untold_ = false;
  pid_t telling_ = 0;  ///< whose callback is being called, unless it has forgotten its pid
  std::function<void()> round_;
  SignalWatch signal_;
};

}  // namespace core
