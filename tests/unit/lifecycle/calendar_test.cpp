// SPDX-License-Identifier: MIT
#include "lib/lifecycle/calendar.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/lifecycle/zones.hpp"

namespace {

using lifecycle::Calendar;
using zones::at;

std::uint64_t set(const std::vector<unsigned>& values) {
  std::uint64_t out = 0;
  for (const auto value : values) out |= std::uint64_t{1} << value;
  return out;
}

std::uint64_t all(unsigned first, unsigned last) {
  std::uint64_t out = 0;
  for (auto value = first; value <= last; ++value) out |= std::uint64_t{1} << value;
  return out;
}

/// "* * * * *"
Calendar everyMinute() {
  Calendar out;
  out.minutes = all(0, 59);
  out.hours = static_cast<std::uint32_t>(all(0, 23));
  out.days = static_cast<std::uint32_t>(all(1, 31));
  out.months = static_cast<std::uint32_t>(all(1, 12));
  out.weekdays = static_cast<std::uint32_t>(all(0, 6));
  out.everyHour = out.everyDay = out.everyWeekday = true;
  return out;
}

Calendar daily(std::vector<unsigned> hours, std::vector<unsigned> minutes) {
  auto out = everyMinute();
  out.minutes = set(minutes);
  out.hours = static_cast<std::uint32_t>(set(hours));
  out.everyHour = false;
  return out;
}

Calendar onDays(Calendar out, std::vector<unsigned> days, std::vector<unsigned> months) {
  out.days = static_cast<std::uint32_t>(set(days));
  out.months = static_cast<std::uint32_t>(set(months));
  out.everyDay = false;
  return out;
}

Calendar onWeekdays(Calendar out, std::vector<unsigned> weekdays) {
  out.weekdays = static_cast<std::uint32_t>(set(weekdays));
  out.everyWeekday = false;
  return out;
}

/// "2026-03-29 01:00", of UTC
std::string text(std::int64_t when) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(when)};
  const auto day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss clock(moment - day);
  char out[64];
  (void)std::snprintf(out, sizeof out, "%04d-%02u-%02u %02d:%02d", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()));
  return out;
}

/// The next times after `after`, as UTC.
std::vector<std::string> times(const Calendar& calendar, std::int64_t after, const core::UtcOffset& offset, int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    const auto next = lifecycle::nextTime(calendar, after, offset);
    out.push_back(next ? text(*next) : "never");
    if (!next) break;
    CHECK(*next > after);
    after = *next;
  }
  return out;
}

using Times = std::vector<std::string>;

/// The first time after `after`, found by looking at every minute; 0: none before `end`.
std::int64_t scanned(const Calendar& calendar, std::int64_t after, std::int64_t end, const core::UtcOffset& offset) {
  using namespace std::chrono;
  const auto means = [&](std::int64_t local) {
    const sys_seconds moment{seconds(local)};
    const auto today = floor<days>(moment);
    const year_month_day date(today);
    const auto minute = duration_cast<minutes>(moment - today).count();
    const auto in = [](std::uint64_t bits, std::int64_t value) { return (bits >> value & 1U) != 0; };
    const bool day = in(calendar.days, static_cast<unsigned>(date.day()));
    const bool weekday = in(calendar.weekdays, std::chrono::weekday(today).c_encoding());
    return in(calendar.minutes, minute % 60) && in(calendar.hours, minute / 60) &&
           in(calendar.months, static_cast<unsigned>(date.month())) &&
           (calendar.everyDay || calendar.everyWeekday ? day && weekday : day || weekday);
  };
  // What has been shown by now, for which a day before is enough.
  auto moment = (after - 86400 * 2) / 60 * 60;
  auto shown = moment + offset(moment);
  for (; moment < end; moment += 60) {
    const auto local = moment + offset(moment);
    bool due = calendar.everyHour && means(local);
    for (auto minute = shown + 60; !calendar.everyHour && minute <= local; minute += 60) due = due || means(minute);
    shown = std::max(shown, local);
    if (due && moment > after) return moment;
  }
  return 0;
}

}  // namespace

TEST_CASE("times of a calendar without changes of the clocks") {
  const auto utc = zones::utc();
  CHECK(times(everyMinute(), at(2026, 12, 31, 23, 58, 1), utc, 3) ==
        Times{"2026-12-31 23:59", "2027-01-01 00:00", "2027-01-01 00:01"});
  CHECK(times(everyMinute(), at(2026, 1, 1, 0, 0, 0), utc, 1) == Times{"2026-01-01 00:01"});
  CHECK(times(daily({3, 15}, {5, 30}), at(2026, 2, 28, 15, 5), utc, 4) ==
        Times{"2026-02-28 15:30", "2026-03-01 03:05", "2026-03-01 03:30", "2026-03-01 15:05"});
  CHECK(times(daily({0}, {0}), at(2026, 2, 28, 0, 0), zones::kathmandu(), 2) ==
        Times{"2026-02-28 18:15", "2026-03-01 18:15"});
  CHECK(times(onWeekdays(daily({0}, {0}), {1}), at(2026, 11, 26), utc, 2) ==
        Times{"2026-11-30 00:00", "2026-12-07 00:00"});
  CHECK(times(onDays(daily({12}, {0}), {31}, {2, 3, 4, 5}), at(2026, 1, 1), utc, 3) ==
        Times{"2026-03-31 12:00", "2026-05-31 12:00", "2027-03-31 12:00"});
  CHECK(times(everyMinute(), -120, utc, 3) == Times{"1969-12-31 23:59", "1970-01-01 00:00", "1970-01-01 00:01"});
}

TEST_CASE("two restricted fields for the day: one of them is enough, as in Vixie cron") {
  const auto both = onWeekdays(onDays(daily({0}, {0}), {13}, {11}), {5});
  CHECK(times(both, at(2026, 11, 1), zones::utc(), 5) ==
        Times{"2026-11-06 00:00", "2026-11-13 00:00", "2026-11-20 00:00", "2026-11-27 00:00", "2027-11-05 00:00"});
  auto starred = both;  // as "13 11 */5": the field begins with an asterisk
  starred.everyWeekday = true;
  CHECK(times(starred, at(2026, 11, 1), zones::utc(), 1) == Times{"2026-11-13 00:00"});
  starred = onWeekdays(onDays(daily({0}, {0}), {13}, {11}), {6});
  starred.everyDay = true;
  CHECK(times(starred, at(2026, 11, 1), zones::utc(), 1) == Times{"2027-11-13 00:00"});
}

TEST_CASE("leap days are found, and days that never come") {
  const auto leap = onDays(daily({0}, {0}), {29}, {2});
  CHECK(times(leap, at(2026, 1, 1), zones::utc(), 2) == Times{"2028-02-29 00:00", "2032-02-29 00:00"});
  CHECK(times(leap, at(2096, 3, 1), zones::utc(), 1) == Times{"2104-02-29 00:00"});
  auto sunday = onWeekdays(leap, {0});
  sunday.everyWeekday = true;  // as "*/7"
  CHECK(times(sunday, at(2026, 1, 1), zones::utc(), 1) == Times{"2032-02-29 00:00"});
  CHECK(times(sunday, at(2088, 3, 1), zones::utc(), 1) == Times{"2128-02-29 00:00"});
  CHECK(lifecycle::everComes(leap));
  CHECK(lifecycle::everComes(sunday));
  CHECK(!lifecycle::everComes(onDays(daily({0}, {0}), {30, 31}, {2})));
  CHECK(!lifecycle::everComes(onDays(daily({0}, {0}), {31}, {2, 4, 6, 9, 11})));
  CHECK(lifecycle::everComes(onWeekdays(onDays(daily({0}, {0}), {30}, {2}), {1})));
  CHECK(times(onDays(everyMinute(), {30}, {2}), 0, zones::utc(), 1) == Times{"never"});
}

TEST_CASE("clocks that are set forward: fixed hours come after the gap, once; every hour as the clock shows it") {
  // Berlin, 29 March: 02:00 to 03:00 is skipped, at 01:00 UTC.
  CHECK(times(daily({2}, {30}), at(2026, 3, 28, 2), zones::berlin(), 3) ==
        Times{"2026-03-29 01:00", "2026-03-30 00:30", "2026-03-31 00:30"});
  CHECK(times(daily({2}, {0, 10, 50}), at(2026, 3, 28, 2), zones::berlin(), 2) ==
        Times{"2026-03-29 01:00", "2026-03-30 00:00"});
  CHECK(times(daily({2, 3}, {0}), at(2026, 3, 28, 3), zones::berlin(), 2) ==
        Times{"2026-03-29 01:00", "2026-03-30 00:00"});
  auto often = everyMinute();
  often.minutes = set({0, 30});
  CHECK(times(often, at(2026, 3, 29, 0, 0), zones::berlin(), 3) ==
        Times{"2026-03-29 00:30", "2026-03-29 01:00", "2026-03-29 01:30"});
  auto evenHours = everyMinute();  // as "0 */2 * * *"
  evenHours.minutes = set({0});
  evenHours.hours = static_cast<std::uint32_t>(set({0, 2, 4, 6}));
  CHECK(times(evenHours, at(2026, 3, 28, 23, 0), zones::berlin(), 2) == Times{"2026-03-29 02:00", "2026-03-29 04:00"});
  // New York, 8 March, at 07:00 UTC, and Lord Howe Island by half an hour, on 3 October at 15:30 UTC.
  CHECK(times(daily({2}, {15}), at(2026, 3, 7, 8), zones::newYork(), 2) ==
        Times{"2026-03-08 07:00", "2026-03-09 06:15"});
  CHECK(times(daily({2}, {10, 40}), at(2026, 10, 3, 12), zones::lordHowe(), 3) ==
        Times{"2026-10-03 15:30", "2026-10-03 15:40", "2026-10-04 15:10"});
}

TEST_CASE("clocks that are set back: fixed hours come once, every hour as often as the clock shows it") {
  // Berlin, 25 October: 02:00 to 03:00 comes twice, again from 01:00 UTC on.
  CHECK(times(daily({2}, {30}), at(2026, 10, 24, 12), zones::berlin(), 2) ==
        Times{"2026-10-25 00:30", "2026-10-26 01:30"});
  CHECK(times(daily({2}, {30}), at(2026, 10, 25, 0, 45), zones::berlin(), 1) == Times{"2026-10-26 01:30"});
  CHECK(times(daily({2}, {30}), at(2026, 10, 25, 1, 10), zones::berlin(), 1) == Times{"2026-10-26 01:30"});
  CHECK(times(daily({3}, {0}), at(2026, 10, 25, 0, 45), zones::berlin(), 1) == Times{"2026-10-25 02:00"});
  auto often = everyMinute();
  often.minutes = set({0, 30});
  CHECK(times(often, at(2026, 10, 24, 23, 30), zones::berlin(), 6) == Times{"2026-10-25 00:00", "2026-10-25 00:30",
                                                                            "2026-10-25 01:00", "2026-10-25 01:30",
                                                                            "2026-10-25 02:00", "2026-10-25 02:30"});
  CHECK(times(often, at(2026, 10, 25, 0, 59, 59), zones::berlin(), 1) == Times{"2026-10-25 01:00"});
  CHECK(times(often, at(2026, 10, 25, 1, 10), zones::berlin(), 1) == Times{"2026-10-25 01:30"});
  // Months before: the first of the two.
  CHECK(times(onDays(often, {25}, {10}), at(2026, 5, 1), zones::berlin(), 1) == Times{"2026-10-24 22:00"});
  CHECK(times(daily({1}, {30}), at(2026, 10, 31, 12), zones::newYork(), 2) ==
        Times{"2026-11-01 05:30", "2026-11-02 06:30"});
  CHECK(times(daily({1}, {45}), at(2026, 4, 4, 12), zones::lordHowe(), 2) ==
        Times{"2026-04-04 14:45", "2026-04-05 15:15"});
  CHECK(times(often, at(2026, 4, 4, 14, 30), zones::lordHowe(), 3) ==
        Times{"2026-04-04 15:00", "2026-04-04 15:30", "2026-04-04 16:00"});
}

TEST_CASE("random calendars have the times that a look at every minute finds") {
  std::mt19937 random(20260329);
  const auto pick = [&random](unsigned first, unsigned last) {
    return std::uniform_int_distribution<unsigned>(first, last)(random);
  };
  const auto some = [&](unsigned first, unsigned last, bool& every) {
    every = pick(0, 2) == 0;
    if (every && pick(0, 1) == 0) return all(first, last);
    std::uint64_t out = 0;
    for (auto count = pick(1, 4); count > 0; --count) out |= std::uint64_t{1} << pick(first, last);
    return out;
  };
  const std::vector<core::UtcOffset> places{zones::utc(), zones::berlin(), zones::newYork(), zones::lordHowe(),
                                            zones::kathmandu()};
  const std::vector<std::int64_t> changes{at(2026, 3, 29, 1), at(2026, 10, 25, 1),     at(2026, 3, 8, 7),
                                          at(2026, 11, 1, 6), at(2026, 10, 3, 15, 30), at(2026, 4, 4, 15)};
  for (int round = 0; round < 400; ++round) {
    Calendar calendar;
    bool every = false;
    calendar.minutes = some(0, 59, every);
    calendar.hours = static_cast<std::uint32_t>(some(0, 23, calendar.everyHour));
    calendar.days = static_cast<std::uint32_t>(some(1, 31, calendar.everyDay));
    calendar.months = static_cast<std::uint32_t>(pick(0, 3) == 0 ? some(1, 12, every) : all(1, 12));
    calendar.weekdays = static_cast<std::uint32_t>(some(0, 6, calendar.everyWeekday));
    const auto& place = places[pick(0, 4)];
    const auto after = changes[pick(0, 5)] + static_cast<std::int64_t>(pick(0, 2 * 86400)) - 86400;
    const auto end = after + std::int64_t{20} * 86400;
    const auto expected = scanned(calendar, after, end, place);
    const auto found = lifecycle::nextTime(calendar, after, place).value_or(0);
    CAPTURE(round);
    CAPTURE(text(after));
    CHECK(text(found < end ? found : 0) == text(expected));
  }
}
