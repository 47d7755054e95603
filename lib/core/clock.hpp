// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace core {

/// Every decision is taken on CLOCK_MONOTONIC: steps of the wall clock change nothing.
using Clock = std::chrono::steady_clock;
using Instant = Clock::time_point;
using Duration = Clock::duration;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// CLOCK_REALTIME in whole seconds since the epoch, for what people read.
[[nodiscard]] std::int64_t wallSeconds() noexcept;
/// CLOCK_REALTIME in microseconds since the epoch.
[[nodiscard]] std::int64_t wallMicros() noexcept;

}  // namespace core
