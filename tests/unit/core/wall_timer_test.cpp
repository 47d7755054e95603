// SPDX-License-Identifier: MIT
#include "lib/core/wall_timer.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr std::int64_t kMilli = 1000, kHour = 3'600'000'000;

void until(core::EventLoop& loop, const bool& done) {
  for (int turns = 0; !done && turns < 1000; ++turns) (void)loop.step(core::seconds(10));
  CHECK(done);
}

}  // namespace

TEST_CASE("a wall timer is called once, not early, and the first one first") {
  core::EventLoop loop;
  core::WallClock clock(loop);
  std::string called;
  bool done = false, early = false;
  const auto start = core::wallMicros();
  core::WallTimer late(clock, [&] {
    called += "late ";
    early = early || core::wallMicros() < start + 20 * kMilli;
    done = true;
  });
  core::WallTimer soon(clock, [&] {
    called += "soon ";
    early = early || core::wallMicros() < start + 5 * kMilli;
  });
  core::WallTimer never(clock, [&] { called += "never "; });
  late.arm(start + 20 * kMilli);
  never.arm(start + 3 * kMilli);
  soon.arm(start + 5 * kMilli);
  never.arm(start + kHour);
  CHECK(late.armed());
  until(loop, done);
  CHECK(called == "soon late ");
  CHECK(!early);
  CHECK(!soon.armed());
  CHECK(never.armed());
  never.disarm();
  CHECK(!never.armed());
}

TEST_CASE("a wall timer for the past is due in the next turn, and can be taken back until then") {
  core::EventLoop loop;
  core::WallClock clock(loop);
  bool wrong = false, done = false;
  core::WallTimer taken(clock, [&] { wrong = true; }), past(clock, [&] { done = true; });
  taken.arm(-5);
  past.arm(0);
  taken.disarm();
  until(loop, done);
  CHECK(!wrong);
}

TEST_CASE("when the clock is set, every armed wall timer looks at it") {
  core::EventLoop loop;
  core::WallClock clock(loop);
  int calls = 0;
  bool done = false;
  core::WallTimer one(clock, [&] { done = ++calls == 2; }), two(clock, [&] { done = ++calls == 2; });
  core::WallTimer idle(clock, [&] { calls += 100; });
  one.arm(core::wallMicros() + kHour);
  two.arm(core::wallMicros() + 2 * kHour);
  clock.wasSet();
  until(loop, done);
  CHECK(calls == 2);
  CHECK(!one.armed());
}

TEST_CASE("wall timers may be armed and destroyed in their calls, and a call that fails is tried again") {
  core::EventLoop loop;
  core::WallClock clock(loop);
  std::optional<core::WallTimer> other;
  int calls = 0;
  bool done = false;
  std::optional<core::WallTimer> one;
  one.emplace(clock, [&] {
    other.reset();
    if (++calls == 1) throw std::bad_alloc();
    if (calls == 2) return one->arm(core::wallMicros() + 2 * kMilli);
    one.reset();
    done = true;
  });
  other.emplace(clock, [&] { calls += 100; });
  one->arm(core::wallMicros() + kMilli);
  other->arm(core::wallMicros() + kMilli);
  until(loop, done);
  CHECK(calls == 3);
}

TEST_CASE("a loop without armed wall timers has no descriptor for them, and one for many") {
  core::EventLoop loop;
  core::WallClock clock(loop);
  const auto next = [] {
    const core::UniqueFd probe(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return probe.get();
  };
  const int before = next();
  std::vector<std::unique_ptr<core::WallTimer>> many;
  for (int i = 0; i < 100; ++i) many.push_back(std::make_unique<core::WallTimer>(clock, [] {}));
  CHECK(next() == before);
  for (auto& timer : many) timer->arm(core::wallMicros() + kHour);
  const int opened = next();
  CHECK(opened > before);
  for (auto& timer : many) timer->arm(core::wallMicros() + 2 * kHour);
  CHECK(next() == opened);
}

TEST_CASE("wall timers work without a free descriptor") {
  core::EventLoop loop;
  core::WallClock clock(loop);
  bool done = false;
  core::WallTimer timer(clock, [&] { done = true; });
  rlimit saved{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &saved) == 0);
  rlimit none = saved;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  timer.arm(core::wallMicros() + 5 * kMilli);
  until(loop, done);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &saved) == 0);
  done = false;
  timer.arm(core::wallMicros() + 5 * kMilli);
  until(loop, done);
}
