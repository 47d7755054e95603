// SPDX-License-Identifier: MIT
#include "lib/lifecycle/pacing.hpp"

#include <algorithm>

namespace lifecycle {
namespace {

/// The longest delay: beyond it a delay grows no more.
constexpr core::milliseconds kLongest = std::chrono::hours(24);
/// Supervisor's: one second more after each failure.
constexpr core::milliseconds kStep{1000};

core::milliseconds exponential(const Pacing& pacing, core::milliseconds first, int times,
                               std::uint32_t chance) noexcept {
  const auto longest = pacing.maxDelay.value_or(std::max(kLongest, first));
  auto delay = std::min(first, longest);
  if (pacing.factor <= 1000) return delay;
  for (int i = 1; i < times; ++i) {
    const auto next = std::min(longest, delay * pacing.factor / 1000);
    if (next == delay) break;  // it has reached the longest, or is too short to grow
    delay = next;
  }
  return delay - core::milliseconds(delay.count() / 10 * (chance % 1024) / 1024);
}

}  // namespace

core::milliseconds delayAfterFailure(const Pacing& pacing, int failures, std::uint32_t chance) noexcept {
  if (pacing.delay || pacing.factor > 1000) return exponential(pacing, pacing.delay.value_or(kStep), failures, chance);
  const auto delay = kStep * failures;
  return pacing.maxDelay ? std::min(delay, *pacing.maxDelay) : delay;
}

core::milliseconds delayAfterRun(const Pacing& pacing, int runs, std::uint32_t chance) noexcept {
  return pacing.delay ? exponential(pacing, *pacing.delay, runs, chance) : core::milliseconds(0);
}

std::string durationText(core::milliseconds duration) {
  const auto count = duration.count();
  std::string out = std::to_string(count / 1000);
  if (count % 1000 != 0) {
    out += '.' + std::to_string(1000 + count % 1000).substr(1);
    out.erase(out.find_last_not_of('0') + 1);
  }
  return out + (count == 1000 ? " second" : " seconds");
}

}  // namespace lifecycle
