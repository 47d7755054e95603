// SPDX-License-Identifier: MIT
#include "lib/lifecycle/run_window.hpp"

#include <algorithm>
#include <bitset>
#include <utility>

#include "lib/lifecycle/schedule.hpp"

namespace lifecycle {
namespace {

constexpr int kMinutesOfDay = 1440;
constexpr int kMinutesOfWeek = 7 * kMinutesOfDay;
/// From Sunday, 0:00.
using WeekMinutes = std::bitset<kMinutesOfWeek>;
/// Days that are looked at: each part begins once a week, and a part that began the day before yesterday has ended.
constexpr int kDaysBack = 2, kDaysAhead = 8;

/// Of a day since 1970-01-01, a Thursday; 0 is Sunday.
int dayOfWeek(std::int64_t day) noexcept { return static_cast<int>(((day + 4) % 7 + 7) % 7); }

std::int64_t dividedDown(std::int64_t a, std::int64_t b) noexcept { return a / b - (a % b < 0 ? 1 : 0); }

using OpenSpan = std::pair<std::int64_t, std::int64_t>;

/// The times around `now` at which it is open: in order, apart from each other.
std::vector<OpenSpan> spansAround(const RunWindow& window, std::int64_t now, const core::UtcOffset& offset) {
  std::vector<OpenSpan> spans;
  const auto today = dividedDown(now + offset(now), core::kDaySeconds);
  for (auto day = today - kDaysBack; day <= today + kDaysAhead; ++day)
    for (const auto& part : window) {
      if ((part.days >> dayOfWeek(day) & 1) == 0) continue;
      const auto midnight = day * core::kDaySeconds;
      const auto begin = core::firstMoment(midnight + part.begin * 60, offset);
      const auto end =
          core::firstMoment(midnight + (part.end <= part.begin ? core::kDaySeconds : 0) + part.end * 60, offset);
      if (begin < end) spans.emplace_back(begin, end);
    }
  std::sort(spans.begin(), spans.end());
  std::vector<OpenSpan> merged;
  for (const auto& span : spans) {
    if (merged.empty() || merged.back().second < span.first)
      merged.push_back(span);
    else
      merged.back().second = std::max(merged.back().second, span.second);
  }
  return merged;
}

WeekMinutes openMinutes(const RunWindow& window) noexcept {
  WeekMinutes open;
  for (const auto& part : window)
    for (int day = 0; day < 7; ++day) {
      if ((part.days >> day & 1) == 0) continue;
      const int length = part.end - part.begin + (part.end <= part.begin ? kMinutesOfDay : 0);
      for (int i = 0; i < length; ++i)
        open.set(static_cast<std::size_t>((day * kMinutesOfDay + part.begin + i) % kMinutesOfWeek));
    }
  return open;
}

/// Those at which a run can be due, without the jitter. Each date is each day of the week in some year.
WeekMinutes dueMinutes(const Calendar& calendar) noexcept {
  WeekMinutes due;
  const auto weekdays = !calendar.everyDay && !calendar.everyWeekday ? 0x7fU : calendar.weekdays;
  for (int minute = 0; minute < kMinutesOfWeek; ++minute) {
    const int ofDay = minute % kMinutesOfDay;
    if ((weekdays >> (minute / kMinutesOfDay) & 1) != 0 && (calendar.hours >> (ofDay / 60) & 1) != 0 &&
        (calendar.minutes >> (ofDay % 60) & 1) != 0)
      due.set(static_cast<std::size_t>(minute));
  }
  return due;
}

}  // namespace

WindowState windowAt(const RunWindow& window, std::int64_t now, const core::UtcOffset& offset) {
  WindowState state;
  if (window.empty()) return state;
  state.open = false;
  for (const auto& [begin, end] : spansAround(window, now, offset)) {
    if (end <= now) continue;
    const bool current = begin <= now;
    state.open = state.open || current;
    if (state.change == 0) state.change = current ? end : begin;
    if (!current) {
      state.opening = begin;
      break;
    }
  }
  return state;
}

bool coversWeek(const RunWindow& window) { return openMinutes(window).all(); }

bool everWithin(const Timetable& timetable, const RunWindow& window) {
  if (window.empty() || timetable.every.count() > 0) return true;
  const auto open = openMinutes(window);
  const auto due = dueMinutes(timetable.calendar);
  const auto late = std::chrono::duration_cast<std::chrono::minutes>(timetable.jitter).count();
  // Twice around the week: a run at its end can be late until its begin.
  int sinceDue = kMinutesOfWeek;
  for (int i = 0; i < 2 * kMinutesOfWeek; ++i) {
    const auto minute = static_cast<std::size_t>(i % kMinutesOfWeek);
    sinceDue = due[minute] ? 0 : sinceDue + 1;
    if (sinceDue <= late && sinceDue < kMinutesOfWeek && open[minute]) return true;
  }
  return false;
}

}  // namespace lifecycle
