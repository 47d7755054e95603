// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <memory>
#include <utility>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/family_kill.hpp"
#include "lib/core/process_snapshot.hpp"

namespace process {

/// Which process is in which group, read once for all who ask at about the same time: a thousand programs that are
/// stopped together must not read /proc a thousand times.
class Census {
 public:
  explicit Census(core::EventLoop& loop) noexcept : loop_(loop) {}
  /// Calls `visit` with each process of `group`, as it was at `takenAt()`, until it returns true. Reads /proc again if
  /// that is long ago.
  template <class Visit>
  bool any(pid_t group, const Visit& visit) {
    refresh();
    for (auto at = first(group); at != members_.end() && at->first == group; ++at)
      if (visit(at->second)) return true;
    return false;
  }
  [[nodiscard]] core::Instant takenAt() const noexcept { return takenAt_; }

  /// All processes, as they were at processesAt(). Reads /proc again if that is longer ago than twice what reading
  /// took: however many ask, that costs a third of the time at most.
  const core::ProcessSnapshot& processes(core::Instant now = core::Clock::now());
  [[nodiscard]] core::Instant processesAt() const noexcept { return processesAt_; }
  /// How often processes() has read /proc.
  [[nodiscard]] int reads() const noexcept { return reads_; }

  /// Sends a signal to a family. Returns 0 or an errno. SIGKILL freezes it, and ends it from the loop together with all
  /// others that are to be killed by then. That, too, costs a third of the time at most.
  int signal(const core::ProcessFamily& family, int signo);

  /// Ends what signal() has frozen.
  void killNow() noexcept;

  /// Nobody waits for a group any more: gives the memory back.
  void forget() noexcept;

 private:
  using Members = std::vector<std::pair<pid_t, pid_t>>;
  void refresh();
  [[nodiscard]] Members::const_iterator first(pid_t group) const noexcept;

  core::EventLoop& loop_;
  core::FamilyKill kill_;
  std::unique_ptr<core::Timer> killing_;  ///< made at first use
  core::Instant killAgainAt_{};
  Members members_;
  core::Instant takenAt_{};
  core::ProcessSnapshot processes_;
  core::Instant processesAt_{};
  core::Duration processesTook_{};
  int reads_ = 0;
};

}  // namespace process
