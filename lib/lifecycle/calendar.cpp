// SPDX-License-Identifier: MIT
#include "lib/lifecycle/calendar.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

namespace lifecycle {
namespace {

constexpr std::int64_t kMinute = 60;
/// After so many years the days and their weekdays repeat.
constexpr int kCycle = 400;
/// Longer than clocks are set back by, and shorter than the time between two such changes.
constexpr std::int64_t kSoon = 26 * 3600;

bool has(std::uint64_t set, unsigned value) noexcept { return ((set >> value) & 1U) != 0; }

/// The first value of the set from `least` on; 64: there is none.
int firstOf(std::uint64_t set, int least) noexcept { return least > 63 ? 64 : std::countr_zero(set >> least << least); }

bool means(const Calendar& calendar, unsigned day, unsigned weekday) noexcept {
  const bool ofMonth = has(calendar.days, day), ofWeek = has(calendar.weekdays, weekday);
  return calendar.everyDay || calendar.everyWeekday ? ofMonth && ofWeek : ofMonth || ofWeek;
}

/// The first minute of a day from `least` on; nullopt: none.
std::optional<int> minuteOfDay(const Calendar& calendar, int least) noexcept {
  int hour = firstOf(calendar.hours, least / 60);
  int minute = hour == least / 60 ? firstOf(calendar.minutes, least % 60) : 64;
  if (minute > 59) {
    if (hour == least / 60) hour = firstOf(calendar.hours, hour + 1);
    minute = firstOf(calendar.minutes, 0);
  }
  return hour > 23 || minute > 59 ? std::nullopt : std::optional(hour * 60 + minute);
}

std::int64_t wholeMinute(std::int64_t seconds) noexcept {
  return (seconds + (seconds >= 0 ? kMinute - 1 : 0)) / kMinute * kMinute;
}

/// The first local time of the calendar from `from` on, which is a whole minute: in seconds, of a calendar without
/// zones. Goes from month to month and from day to day, not from minute to minute.
std::optional<std::int64_t> nextLocal(const Calendar& calendar, std::int64_t from) {
  using namespace std::chrono;
  const sys_seconds begin{seconds(from)};
  const auto today = floor<days>(begin);
  const year_month_day date(today);
  int least = static_cast<int>(duration_cast<minutes>(begin - today).count());
  auto firstDay = static_cast<unsigned>(date.day());
  auto month = static_cast<unsigned>(date.month());
  for (int y = static_cast<int>(date.year()), last = y + kCycle; y <= last; ++y, month = 1) {
    for (; month <= 12; ++month, firstDay = 1, least = 0) {
      if (!has(calendar.months, month)) continue;
      const year_month_day_last end{year(y) / std::chrono::month(month) / std::chrono::last};
      const sys_days first{year(y) / std::chrono::month(month) / 1};
      const auto weekday = std::chrono::weekday(first).c_encoding();
      for (auto day = firstDay; day <= static_cast<unsigned>(end.day()); ++day, least = 0) {
        if (!means(calendar, day, (weekday + day - 1) % 7)) continue;
        if (const auto minute = minuteOfDay(calendar, least))
          return first.time_since_epoch().count() * core::kDaySeconds + (day - 1) * core::kDaySeconds +
                 *minute * kMinute;
      }
    }
  }
  return std::nullopt;
}

/// When the offset becomes `later`, within kSoon after `after`.
std::int64_t changeAfter(std::int64_t after, std::int64_t later, const core::UtcOffset& offset) {
  auto before = after, change = after + kSoon;
  while (change - before > 1) {
    const auto middle = before + (change - before) / 2;
    (offset(middle) == later ? change : before) = middle;
  }
  return change;
}

std::optional<std::int64_t> nextOfFixed(const Calendar& calendar, std::int64_t after, const core::UtcOffset& offset) {
  auto local = wholeMinute(after + offset(after) + 1);
  while (const auto found = nextLocal(calendar, local)) {
    const auto moment = core::firstMoment(*found, offset);
    if (moment > after) return moment;
    local = *found + kMinute;  // its time is shown for the second time
  }
  return std::nullopt;
}

std::optional<std::int64_t> nextOfEveryHour(const Calendar& calendar, std::int64_t after,
                                            const core::UtcOffset& offset) {
  auto now = offset(after);
  auto local = wholeMinute(after + now + 1);
  if (const auto later = offset(after + kSoon); later < now) {
    // The clocks are about to be set back, and show times again.
    const auto change = changeAfter(after, later, offset);
    if (const auto found = nextLocal(calendar, local); found && *found - now < change) return *found - now;
    after = change - 1;
    now = later;
    local = wholeMinute(change + later);
  }
  while (const auto found = nextLocal(calendar, local)) {
    auto moment = core::firstMoment(*found, offset);
    if (moment <= after) moment = *found - now;  // it is shown for the second time
    const auto shown = moment + offset(moment);
    if (shown == *found) return moment;
    local = std::max(wholeMinute(shown), *found + kMinute);  // it is skipped
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> nextTime(const Calendar& calendar, std::int64_t after, const core::UtcOffset& offset) {
  return calendar.everyHour ? nextOfEveryHour(calendar, after, offset) : nextOfFixed(calendar, after, offset);
}

bool everComes(const Calendar& calendar) { return nextLocal(calendar, 0).has_value(); }

}  // namespace lifecycle
