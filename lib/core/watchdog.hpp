// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"

namespace core::detail {

/// Tells systemd in time that the loop still turns (WatchdogSec of a unit).
class Watchdog {
 public:
  /// Null, unless WATCHDOG_USEC and WATCHDOG_PID ask this process for it. Sends the first message immediately.
  [[nodiscard]] static std::unique_ptr<Watchdog> fromEnvironment(EventLoop& loop, const Notifier& notifier);
  Watchdog(EventLoop& loop, const Notifier& notifier, Duration period);

 private:
  void feed();

  Notifier notifier_;
  Duration period_;
  Timer timer_;
};

}  // namespace core::detail
