// SPDX-License-Identifier: MIT
#include "lib/lifecycle/schedule.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/lifecycle/zones.hpp"

namespace {

using core::milliseconds;
using core::seconds;
using lifecycle::Moment;
using lifecycle::Overlap;
using lifecycle::Schedule;
using lifecycle::Timetable;
using zones::at;
using Act = Schedule::Act;
using Doing = Schedule::Standing;

constexpr std::int64_t kMicros = 1'000'000;

/// "0 * * * *"
Timetable hourly() {
  Timetable out;
  out.calendar.minutes = 1;
  out.calendar.hours = 0xffffff;
  out.calendar.days = 0xfffffffe;
  out.calendar.months = 0x1ffe;
  out.calendar.weekdays = 0x7f;
  out.calendar.everyHour = out.calendar.everyDay = out.calendar.everyWeekday = true;
  return out;
}

Timetable each(milliseconds period) {
  Timetable out;
  out.every = period;
  return out;
}

/// A schedule with both clocks.
struct ScheduleBench {
  explicit ScheduleBench(Timetable times, std::int64_t start = at(2026, 6, 1, 12, 30)) : timetable(times) {
    now.wall = start * kMicros;
    now.steady = core::Instant(seconds(1000));
    schedule.begin(timetable, offset, now, chance);
  }
  /// Time passes on both clocks.
  void wait(core::Duration span) {
    now.steady += span;
    now.wall += std::chrono::duration_cast<core::microseconds>(span).count();
  }
  bool look() { return schedule.passed(timetable, offset, now, chance); }
  /// The clock on the wall is set.
  bool set(std::int64_t wall) {
    now.wall = wall * kMicros;
    return look();
  }
  [[nodiscard]] std::int64_t due() const { return schedule.wallDue().value_or(0) / kMicros; }

  Timetable timetable;
  core::UtcOffset offset = zones::utc();
  Moment now;
  std::uint32_t chance = 0;
  Schedule schedule;
};

}  // namespace

TEST_CASE("a calendar's times are due once each, and not early") {
  ScheduleBench b(hourly());
  CHECK(b.due() == at(2026, 6, 1, 13));
  CHECK(!b.schedule.steadyDue());
  CHECK(!b.set(at(2026, 6, 1, 12, 59, 59)));
  CHECK(b.due() == at(2026, 6, 1, 13));
  CHECK(b.set(at(2026, 6, 1, 13)));
  CHECK(b.due() == at(2026, 6, 1, 14));
  CHECK(!b.look());
}

TEST_CASE("times that were missed are one run") {
  ScheduleBench b(hourly());
  CHECK(b.set(at(2026, 6, 4, 7, 10)));
  CHECK(b.due() == at(2026, 6, 4, 8));
  CHECK(!b.look());
}

TEST_CASE("a clock that begins with 1970 has missed nothing when it is set for the first time") {
  ScheduleBench b(hourly(), at(1970, 1, 1, 0, 1));
  CHECK(b.due() == at(1970, 1, 1, 1));
  CHECK(!b.set(at(2026, 6, 4, 7, 10)));
  CHECK(b.due() == at(2026, 6, 4, 8));
  CHECK(b.set(at(2026, 6, 4, 8)));
}

TEST_CASE("a clock that is set back does not repeat a time, unless it was wrong by hours") {
  ScheduleBench b(hourly());
  CHECK(b.set(at(2026, 6, 1, 13)));
  CHECK(!b.set(at(2026, 6, 1, 12, 59)));
  CHECK(b.due() == at(2026, 6, 1, 14));
  CHECK(!b.set(at(2026, 6, 1, 10, 1)));
  CHECK(b.due() == at(2026, 6, 1, 14));
  CHECK(!b.set(at(2026, 6, 1, 9, 59)));
  CHECK(b.due() == at(2026, 6, 1, 10));
  CHECK(b.set(at(2026, 6, 1, 10)));
  // Before its first run there is nothing to repeat.
  ScheduleBench fresh(hourly());
  CHECK(!fresh.set(at(2026, 6, 1, 11, 30)));
  CHECK(fresh.due() == at(2026, 6, 1, 12));
}

TEST_CASE("the jitter delays each run, and is drawn for each") {
  auto times = hourly();
  times.jitter = milliseconds(600'000);
  ScheduleBench b(times);
  CHECK(b.due() == at(2026, 6, 1, 13));
  b.chance = 300'500;
  b.schedule.begin(b.timetable, b.offset, b.now, b.chance);
  CHECK(b.schedule.wallDue() == at(2026, 6, 1, 13, 5) * kMicros + 500'000);
  CHECK(!b.set(at(2026, 6, 1, 13, 0)));
  CHECK(!b.set(at(2026, 6, 1, 13, 4)));  // the clock was set while it waited
  CHECK(b.due() == at(2026, 6, 1, 13, 5));
  b.chance = 600'001;
  CHECK(b.set(at(2026, 6, 1, 13, 6)));
  CHECK(b.due() == at(2026, 6, 1, 14));
  b.chance = 600'000;
  CHECK(!b.set(at(2026, 6, 1, 13, 30)));
  CHECK(b.due() == at(2026, 6, 1, 14));  // the one that was drawn
}

TEST_CASE("@every counts by the clock that nobody sets, from its begin") {
  ScheduleBench b(each(seconds(300)));
  CHECK(!b.schedule.wallDue());
  CHECK(b.schedule.steadyDue() == core::Instant(seconds(1300)));
  CHECK(!b.set(at(2030, 1, 1)));
  b.wait(seconds(299));
  CHECK(!b.look());
  b.wait(seconds(2));
  CHECK(b.look());
  CHECK(b.schedule.steadyDue() == core::Instant(seconds(1600)));  // it was late, and stays in its rhythm
  b.wait(seconds(3000));
  CHECK(b.look());
  CHECK(!b.look());
  CHECK(b.schedule.steadyDue() == core::Instant(seconds(4600)));
  b.timetable.jitter = milliseconds(60'000);
  b.chance = 30'000;
  b.wait(seconds(299));
  CHECK(b.look());
  CHECK(b.schedule.steadyDue() == core::Instant(seconds(4930)));
  b.wait(seconds(310));
  CHECK(!b.look());
}

TEST_CASE("a schedule continues in a successor: a run that became due meanwhile is not lost, and not doubled") {
  ScheduleBench b(hourly());
  CHECK(b.set(at(2026, 6, 1, 13)));
  Schedule next;
  next.restore(b.schedule.save());
  b.schedule = next;
  CHECK(!b.look());
  b.schedule.restore(next.save());
  CHECK(b.set(at(2026, 6, 1, 14, 0, 30)));
  CHECK(!b.look());
  CHECK(b.schedule.save().handled == at(2026, 6, 1, 14));
}

TEST_CASE("what becomes of a run that is due") {
  struct Row {
    Doing standing;
    Act skip, queue, kill;
  };
  const std::vector<Row> rows{
      {Doing::Idle, Act::Start, Act::Start, Act::Start},
      {Doing::Waiting, Act::Skip, Act::Queue, Act::Skip},
      {Doing::Running, Act::Skip, Act::Queue, Act::Stop},
      {Doing::Stopping, Act::Skip, Act::Queue, Act::Queue},
  };
  for (const auto& row : rows) {
    Schedule one;
    CHECK(one.due(Overlap::Skip, row.standing) == row.skip);
    CHECK(one.due(Overlap::Queue, row.standing) == row.queue);
    CHECK(one.due(Overlap::Kill, row.standing) == row.kill);
    one.setQueued(true);  // one waits at most
    const auto act = row.standing == Doing::Idle ? Act::Start : Act::Skip;
    for (const auto overlap : {Overlap::Skip, Overlap::Queue, Overlap::Kill})
      CHECK(one.due(overlap, row.standing) == act);
  }
}

TEST_CASE("a run that waits begins when the present one has ended") {
  Schedule one;
  CHECK(!one.canBegin(Doing::Idle));
  one.setQueued(true);
  CHECK(one.queued());
  for (const auto busy : {Doing::Waiting, Doing::Running, Doing::Stopping}) CHECK(!one.canBegin(busy));
  CHECK(one.canBegin(Doing::Idle));
  one.setQueued(false);
  CHECK(!one.canBegin(Doing::Idle));
}
