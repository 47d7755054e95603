// SPDX-License-Identifier: MIT
#include "lib/core/watchdog.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

#include "lib/core/text.hpp"

namespace core::detail {
namespace {

/// A message too early does no harm. In nanoseconds a longer period could be more than the clock can count.
constexpr std::chrono::hours kLongest{24 * 365};

}  // namespace

std::unique_ptr<Watchdog> Watchdog::fromEnvironment(EventLoop& loop, const Notifier& notifier) {
  const char* const usec = ::getenv("WATCHDOG_USEC");
  const char* const pid = ::getenv("WATCHDOG_PID");
  if (usec == nullptr || !notifier.active() || (pid != nullptr && std::to_string(::getpid()) != pid)) return nullptr;
  const auto period = parseInteger(usec);
  if (!period || *period <= 0) return nullptr;
  return std::make_unique<Watchdog>(loop, notifier, std::min<microseconds>(kLongest, microseconds(*period)));
}

/// The message is due after half of the period, and may be a quarter late.
Watchdog::Watchdog(EventLoop& loop, const Notifier& notifier, Duration period)
    : notifier_(notifier),
      period_(period),
      timer_(
          loop, [this] { feed(); }, period / 4) {
  feed();
}

void Watchdog::feed() {
  timer_.armIn(period_ / 2);
  (void)notifier_.send("WATCHDOG=1");
}

}  // namespace core::detail
