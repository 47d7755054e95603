// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "lib/core/event_loop.hpp"

namespace core {

/// Reaps every child of this process, also strangers that were left to it (as PID 1 or subreaper), and reports each end
/// to the callback that watches the child. Keeps SIGCHLD blocked; one per process.
class Reaper {
 public:
  /// `status` as waitpid has it.
  using Callback = std::function<void(int status)>;

  /// For an owner that keeps a table of its own, since its children are too many for a callback each. Any may be empty.
  struct Hooks {
    std::function<void()> onSignal;    ///< SIGCHLD was received
    std::function<void()> beforeEach;  ///< a child may be reaped; after an exception it stays for a later round
    std::function<void(pid_t pid, int status)> onUnwatched;  ///< a child has ended that no callback watches
    /// The same, with the user that it ran as: for a subreaper, to which the orphans of many users are left.
    std::function<void(pid_t pid, int status, uid_t uid)> onOrphan{};
  };

  explicit Reaper(EventLoop& loop) : Reaper(loop, Hooks()) {}
  Reaper(EventLoop& loop, Hooks hooks);

  /// Calls back once when `pid`, a child, has ended. To be asked before the loop runs again after the fork. A callback
  /// that throws, for lack of memory for instance, is called again after a pause, unless it has forgotten its pid: no
  /// end is lost.
  void watch(pid_t pid, Callback callback) { watched_.insert_or_assign(pid, Watched{std::move(callback), {}}); }
  /// Cancels the callback; the child is still reaped.
  void forget(pid_t pid) {
    if (pid == telling_) telling_ = 0;
    watched_.erase(pid);
  }
  /// From now on a child is reaped when its end has been reported and `done` has been called: if this process is killed
  /// before, the one that gets its children sees the end again.
  void reapAfterwards(std::function<void()> done) { afterwards_ = std::move(done); }
  [[nodiscard]] bool watches(pid_t pid) const { return watched_.count(pid) > 0; }
  /// Reaps what has ended by now, if SIGCHLD was received and the loop has not handled it yet.
  void reapPending();
  /// Reaps in the next turn of the loop, as if SIGCHLD were received: for a program that has taken over the children of
  /// another one, which may have received the signal.
  void reapSoon() noexcept;

 private:
  struct Watched {
    Callback callback;
    std::optional<int> ended;  ///< reaped, and the callback has failed
  };
  void onSignal();
  bool reap();
  struct End;
  [[nodiscard]] End nextEnd() const noexcept;
  void report(const End& end);
  void tell(std::map<pid_t, Watched>::iterator who, int status);
  void tellAgain();

  std::map<pid_t, Watched> watched_;
  bool untold_ = false;
  std::function<void()> afterwards_;  ///< empty: a child is reaped before its end is reported
  pid_t telling_ = 0;                 ///< whose callback is being called, unless it has forgotten its pid
  Hooks hooks_;
  SignalWatch signal_;
};

}  // namespace core
