// SPDX-License-Identifier: MIT
#include "lib/lifecycle/run_window.hpp"

#include <doctest/doctest.h>

#include <chrono>

#include "lib/lifecycle/schedule.hpp"

namespace {

using lifecycle::RunWindow;
using lifecycle::windowAt;
using lifecycle::WindowPart;
using lifecycle::WindowState;
using namespace std::chrono;

constexpr unsigned kSundays = 1, kMondays = 2, kFridays = 32, kSaturdays = 64;
constexpr unsigned kWorkdays = 0x3e, kEveryDay = 0x7f;

/// Seconds of a date and a time, as UTC.
std::int64_t momentAt(int y, unsigned m, unsigned d, int hour, int minute = 0, int second = 0) {
  return (sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute) + seconds(second)).time_since_epoch() /
         seconds(1);
}

constexpr int minuteOf(int hour, int minute = 0) { return hour * 60 + minute; }

/// The clock of Berlin in 2026: from 2:00 to 3:00 on 29 March, and from 3:00 to 2:00 on 25 October.
std::int64_t berlinIn2026(std::int64_t when) {
  return when >= momentAt(2026, 3, 29, 1) && when < momentAt(2026, 10, 25, 1) ? 7200 : 3600;
}
std::int64_t withoutOffset(std::int64_t /*when*/) { return 0; }

}  // namespace

TEST_CASE("an empty window is always open") {
  CHECK(windowAt({}, momentAt(2026, 6, 1, 12), withoutOffset) == WindowState{true, 0, 0});
}

TEST_CASE("a window of some hours on every day") {
  const RunWindow window{{kEveryDay, minuteOf(8), minuteOf(18)}};
  const auto opening = momentAt(2026, 6, 2, 8), closing = momentAt(2026, 6, 2, 18), next = momentAt(2026, 6, 3, 8);
  CHECK(windowAt(window, opening - 1, withoutOffset) == WindowState{false, opening, opening});
  CHECK(windowAt(window, opening, withoutOffset) == WindowState{true, closing, next});
  CHECK(windowAt(window, closing - 1, withoutOffset) == WindowState{true, closing, next});
  CHECK(windowAt(window, closing, withoutOffset) == WindowState{false, next, next});
}

TEST_CASE("days, and what is open together") {
  // 1 June 2026 is a Monday.
  const RunWindow window{{kWorkdays, minuteOf(8), minuteOf(18)},
                         {kSaturdays, minuteOf(10), minuteOf(12)},
                         {kFridays, minuteOf(17), minuteOf(20)}};
  CHECK(windowAt(window, momentAt(2026, 6, 5, 9), withoutOffset) ==
        WindowState{true, momentAt(2026, 6, 5, 20), momentAt(2026, 6, 6, 10)});
  CHECK(windowAt(window, momentAt(2026, 6, 6, 9), withoutOffset) ==
        WindowState{false, momentAt(2026, 6, 6, 10), momentAt(2026, 6, 6, 10)});
  CHECK(windowAt(window, momentAt(2026, 6, 6, 11), withoutOffset) ==
        WindowState{true, momentAt(2026, 6, 6, 12), momentAt(2026, 6, 8, 8)});
  CHECK(windowAt(window, momentAt(2026, 6, 7, 12), withoutOffset) ==
        WindowState{false, momentAt(2026, 6, 8, 8), momentAt(2026, 6, 8, 8)});
  CHECK(windowAt({{kMondays, minuteOf(8), minuteOf(9)}}, momentAt(2026, 6, 1, 9), withoutOffset) ==
        WindowState{false, momentAt(2026, 6, 8, 8), momentAt(2026, 6, 8, 8)});
}

TEST_CASE("over midnight, with the day of the begin") {
  const RunWindow window{{kFridays, minuteOf(22), minuteOf(6)}};
  CHECK(windowAt(window, momentAt(2026, 6, 5, 5), withoutOffset).open == false);  // the morning of Friday
  CHECK(windowAt(window, momentAt(2026, 6, 5, 22), withoutOffset) ==
        WindowState{true, momentAt(2026, 6, 6, 6), momentAt(2026, 6, 12, 22)});
  CHECK(windowAt(window, momentAt(2026, 6, 6, 5, 59, 59), withoutOffset).open);
  CHECK_FALSE(windowAt(window, momentAt(2026, 6, 6, 6), withoutOffset).open);
}

TEST_CASE("24:00 of a day continues with 00:00 of the next one") {
  const RunWindow window{{kSaturdays | kSundays, minuteOf(0), minuteOf(24)}};
  CHECK(windowAt(window, momentAt(2026, 6, 6, 0), withoutOffset) ==
        WindowState{true, momentAt(2026, 6, 8, 0), momentAt(2026, 6, 13, 0)});
  CHECK(windowAt(window, momentAt(2026, 6, 5, 23, 59, 59), withoutOffset) ==
        WindowState{false, momentAt(2026, 6, 6, 0), momentAt(2026, 6, 6, 0)});
}

TEST_CASE("the days are those of the zone") {
  const RunWindow window{{kMondays, minuteOf(0), minuteOf(1)}};
  const auto opening = momentAt(2026, 6, 7, 22);  // Sunday in UTC, Monday in Berlin
  CHECK(windowAt(window, opening - 1, berlinIn2026) == WindowState{false, opening, opening});
  CHECK(windowAt(window, opening, berlinIn2026).open);
}

TEST_CASE("a time that the clock skips is the first moment after the gap") {
  const auto gap = momentAt(2026, 3, 29, 1);
  CHECK(windowAt({{kEveryDay, minuteOf(2, 30), minuteOf(4)}}, gap - 1, berlinIn2026) == WindowState{false, gap, gap});
  CHECK(windowAt({{kEveryDay, minuteOf(2, 30), minuteOf(4)}}, gap, berlinIn2026).change == momentAt(2026, 3, 29, 2));
  CHECK(windowAt({{kEveryDay, minuteOf(1), minuteOf(2, 30)}}, gap - 1, berlinIn2026).change == gap);
  // All of it is skipped.
  CHECK(windowAt({{kEveryDay, minuteOf(2, 10), minuteOf(2, 50)}}, gap - 1, berlinIn2026).change ==
        momentAt(2026, 3, 30, 0, 10));
}

TEST_CASE("a time that comes twice is the first of the two") {
  const auto first = momentAt(2026, 10, 25, 0, 30);  // 2:30 in summer
  CHECK(windowAt({{kEveryDay, minuteOf(2, 30), minuteOf(4)}}, first - 1, berlinIn2026).change == first);
  CHECK(windowAt({{kEveryDay, minuteOf(2, 30), minuteOf(4)}}, first + 3600, berlinIn2026) ==
        WindowState{true, momentAt(2026, 10, 25, 3), momentAt(2026, 10, 26, 1, 30)});
  CHECK(windowAt({{kEveryDay, minuteOf(1), minuteOf(2, 30)}}, first, berlinIn2026).open == false);
  CHECK(windowAt({{kEveryDay, minuteOf(1), minuteOf(2, 30)}}, first + 3600, berlinIn2026).open == false);
}

TEST_CASE("every change that is announced is one, and none is missing") {
  const RunWindow window{{kWorkdays, minuteOf(8), minuteOf(18)},
                         {kSaturdays, minuteOf(22), minuteOf(3)},
                         {kSundays, minuteOf(2), minuteOf(5, 30)}};
  auto now = momentAt(2026, 3, 25, 0);
  auto state = windowAt(window, now, berlinIn2026);
  for (int i = 0; i < 400; ++i) {
    REQUIRE(state.change > now);
    CHECK(windowAt(window, state.change - 1, berlinIn2026).open == state.open);
    const auto next = windowAt(window, state.change, berlinIn2026);
    CHECK(next.open != state.open);
    if (!state.open) CHECK(state.opening == state.change);
    now = state.change;
    state = next;
  }
}

TEST_CASE("a window that covers the week") {
  CHECK(lifecycle::coversWeek({{kEveryDay, minuteOf(0), minuteOf(24)}}));
  CHECK(lifecycle::coversWeek({{kEveryDay, minuteOf(6), minuteOf(18)}, {kEveryDay, minuteOf(18), minuteOf(6)}}));
  CHECK_FALSE(lifecycle::coversWeek({{kEveryDay, minuteOf(0), minuteOf(23, 59)}}));
  CHECK_FALSE(lifecycle::coversWeek({{kEveryDay & ~kSundays, minuteOf(0), minuteOf(24)}}));
  CHECK_FALSE(lifecycle::coversWeek({}));
}

namespace {

/// A timetable of these hours, at `minute`; days as in a cron expression.
lifecycle::Timetable runsAt(std::uint32_t hours, int minute, unsigned weekdays = kEveryDay,
                            std::uint32_t days = 0xfffffffe) {
  lifecycle::Timetable times;
  times.calendar.minutes = std::uint64_t{1} << minute;
  times.calendar.hours = hours;
  times.calendar.days = days;
  times.calendar.months = 0x1ffe;
  times.calendar.weekdays = weekdays;
  times.calendar.everyDay = days == 0xfffffffe;
  times.calendar.everyWeekday = weekdays == kEveryDay;
  return times;
}

constexpr std::uint32_t hourOf(int hour) { return 1U << hour; }

}  // namespace

TEST_CASE("whether a schedule is ever within a window") {
  using lifecycle::everWithin;
  const RunWindow office{{kWorkdays, minuteOf(8), minuteOf(18)}};
  CHECK(everWithin(runsAt(hourOf(8), 0), office));
  CHECK_FALSE(everWithin(runsAt(hourOf(7), 59), office));
  CHECK(everWithin(runsAt(hourOf(17), 59), office));
  CHECK_FALSE(everWithin(runsAt(hourOf(18), 0), office));
  CHECK(everWithin(runsAt(hourOf(3) | hourOf(9), 0), office));
  CHECK_FALSE(everWithin(runsAt(hourOf(9), 0, kSundays | kSaturdays), office));
  // The first of a month is on each day of the week, in some year.
  CHECK(everWithin(runsAt(hourOf(9), 0, kEveryDay, 2), office));
  // One of the two restricted fields is enough; a field that begins with an asterisk counts in any case.
  auto either = runsAt(hourOf(9), 0, kSundays, 2);
  CHECK(everWithin(either, office));
  either.calendar.everyDay = true;
  CHECK_FALSE(everWithin(either, office));
  // Over midnight, and over the end of the week.
  const RunWindow night{{kSaturdays, minuteOf(22), minuteOf(6)}};
  CHECK(everWithin(runsAt(hourOf(5), 59, kSundays), night));
  CHECK_FALSE(everWithin(runsAt(hourOf(5), 59, kSaturdays), night));
  // Late by the jitter.
  auto late = runsAt(hourOf(7), 30);
  late.jitter = minutes(29);
  CHECK_FALSE(everWithin(late, office));
  late.jitter = minutes(30);
  CHECK(everWithin(late, office));
  late.calendar.weekdays = kSaturdays;
  late.calendar.everyWeekday = false;
  late.jitter = hours(48);
  CHECK_FALSE(everWithin(late, office));
  late.jitter = hours(49);
  CHECK(everWithin(late, office));
  // Always.
  CHECK(everWithin(runsAt(hourOf(3), 0), {}));
  lifecycle::Timetable every;
  every.every = hours(24);
  CHECK(everWithin(every, office));
}
