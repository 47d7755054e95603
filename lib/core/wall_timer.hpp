// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/core/watch_state.hpp"

namespace core {

class WallTimer;

/// What the wall timers of a loop share: one descriptor of the kernel that wakes the loop when the first of them is
/// due, or when the clock is set. While no timer is armed there is no wake-up. Must outlive its timers.
class WallClock {
 public:
  explicit WallClock(EventLoop& loop);
  WallClock(const WallClock&) = delete;
  WallClock& operator=(const WallClock&) = delete;

  [[nodiscard]] EventLoop& loop() const noexcept { return loop_; }
  /// The clock was set: every armed timer is called. The kernel reports that itself.
  void wasSet() noexcept;

 private:
  friend class WallTimer;
  void readDescriptor() noexcept;
  void callDue(bool all) noexcept;
  /// Makes the kernel wait for the first armed timer.
  void wait() noexcept;
  void waitWithout(std::int64_t first) noexcept;

  EventLoop& loop_;
  UniqueFd fd_;  ///< from the first armed timer on
  IoWatch watch_;
  Timer again_;  ///< while the kernel gives no descriptor, or to look immediately
  bool set_ = false;
  std::int64_t waitsFor_;  ///< what the descriptor is set to
  detail::Link armed_;
};

/// A one-shot deadline on CLOCK_REALTIME, never early. It is also called when the clock is set, since the time until
/// its deadline is another then: the callback must look at the clock, and arm it again if it is too early. It is
/// disarmed before the call. After a sleep of the machine it is called on waking up.
class WallTimer : private detail::Link {
 public:
  WallTimer(WallClock& clock, std::function<void()> callback)
      : clock_(clock), call_(clock.loop(), std::move(callback)) {}
  ~WallTimer() { disarm(); }
  WallTimer(const WallTimer&) = delete;
  WallTimer& operator=(const WallTimer&) = delete;

  /// `when`: microseconds since the epoch. A time in the past is due in the next turn.
  void arm(std::int64_t when) noexcept;
  void disarm() noexcept;
  [[nodiscard]] bool armed() const noexcept { return linked(); }

 private:
  friend class WallClock;
  WallClock& clock_;
  Deferred call_;
  std::int64_t when_ = 0;
};

}  // namespace core
