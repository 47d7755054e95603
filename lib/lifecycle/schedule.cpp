// SPDX-License-Identifier: MIT
#include "lib/lifecycle/schedule.hpp"

#include <algorithm>

namespace lifecycle {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
/// A clock that is set back by no more was right before, as far as runs are concerned.
constexpr std::int64_t kCorrection = 3 * 3600;
/// A clock that is set forward by so much was never right: that of a small machine before it has asked others.
constexpr std::int64_t kFirstSetting = std::int64_t{365} * 86400;

core::milliseconds drawn(core::milliseconds jitter, std::uint32_t chance) noexcept {
  return core::milliseconds(chance % (jitter.count() + 1));
}

}  // namespace

void Schedule::begin(const Timetable& timetable, const core::UtcOffset& offset, const Moment& now,
                     std::uint32_t chance) {
  know_.due = 0;
  know_.delay = drawn(timetable.jitter, chance);
  if (timetable.every.count() > 0) {
    know_.handled = 0;
    know_.steadyDue = now.steady + timetable.every;
    return;
  }
  know_.steadyDue = {};
  plan(timetable, offset, now.wall / kMicros, chance);
}

/// The next time of the calendar.
void Schedule::plan(const Timetable& timetable, const core::UtcOffset& offset, std::int64_t now, std::uint32_t chance) {
  if (know_.handled > now + kCorrection) know_.handled = 0;
  const auto next = nextTime(timetable.calendar, std::max(know_.handled, now), offset).value_or(0);
  if (next == know_.due) return;
  know_.due = next;
  know_.delay = drawn(timetable.jitter, chance);
}

bool Schedule::passed(const Timetable& timetable, const core::UtcOffset& offset, const Moment& now,
                      std::uint32_t chance) {
  if (timetable.every.count() > 0) {
    if (now.steady < know_.steadyDue + know_.delay) return false;
    const auto late = std::max(core::Duration(0), now.steady - know_.steadyDue);
    know_.steadyDue += timetable.every * (late / timetable.every + 1);
    know_.delay = drawn(timetable.jitter, chance);
    return true;
  }
  const auto seconds = now.wall / kMicros;
  const bool believed = seconds - know_.due < kFirstSetting;
  const bool isDue = know_.due != 0 && believed && now.wall >= *wallDue();
  if (isDue) know_.handled = know_.due;
  const bool delayed = know_.due != 0 && believed && seconds >= know_.due && !isDue;
  if (!delayed) plan(timetable, offset, seconds, chance);
  return isDue;
}

Schedule::Act Schedule::due(Overlap overlap, Standing standing) const noexcept {
  if (standing == Standing::Idle) return Act::Start;
  if (overlap == Overlap::Skip || know_.queued) return Act::Skip;
  if (overlap == Overlap::Queue) return Act::Queue;
  if (standing == Standing::Waiting) return Act::Skip;  // the run that waits is as good
  return standing == Standing::Running ? Act::Stop : Act::Queue;
}

std::optional<std::int64_t> Schedule::wallDue() const noexcept {
  if (know_.due == 0) return std::nullopt;
  return know_.due * kMicros + std::chrono::duration_cast<core::microseconds>(know_.delay).count();
}

std::optional<core::Instant> Schedule::steadyDue() const noexcept {
  if (know_.steadyDue == core::Instant()) return std::nullopt;
  return know_.steadyDue + know_.delay;
}

}  // namespace lifecycle
