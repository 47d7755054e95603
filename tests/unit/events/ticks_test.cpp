// SPDX-License-Identifier: MIT
#include "instance/events/ticks.hpp"

#include <doctest/doctest.h>

#include "lib/core/clock.hpp"

using namespace events;
using Due = Ticks::Due;

namespace {
constexpr TypeSet kAll = bit(Type::Tick5) | bit(Type::Tick60) | bit(Type::Tick3600);
}

TEST_CASE("ticks fall on multiples of their period; the first slice is only noted") {
  Ticks ticks;
  CHECK(ticks.on(3596, kAll).empty());
  CHECK(ticks.on(3599, kAll).empty());
  CHECK(ticks.on(3600, kAll) == Due{{Type::Tick5, 3600}, {Type::Tick60, 3600}, {Type::Tick3600, 3600}});
  CHECK(ticks.on(3604, kAll).empty());
  CHECK(ticks.on(3605, kAll) == Due{{Type::Tick5, 3605}});
}

TEST_CASE("missed ticks are not repeated, and a clock that is set back ticks too") {
  Ticks ticks;
  CHECK(ticks.on(10, bit(Type::Tick5)).empty());
  CHECK(ticks.on(123, bit(Type::Tick5)) == Due{{Type::Tick5, 120}});
  CHECK(ticks.on(17, bit(Type::Tick5)) == Due{{Type::Tick5, 15}});
}

TEST_CASE("only what is wanted ticks, and a period that is wanted again starts over") {
  Ticks ticks;
  CHECK(ticks.on(0, kAll).empty());
  CHECK(ticks.on(60, bit(Type::Tick60)) == Due{{Type::Tick60, 60}});
  CHECK(ticks.on(65, kAll).empty());
  CHECK(ticks.on(70, kAll) == Due{{Type::Tick5, 70}});
}

TEST_CASE("the next boundary is that of the shortest subscribed period") {
  CHECK(Ticks::next(61, kAll) == 65);
  CHECK(Ticks::next(65, kAll) == 70);
  CHECK(Ticks::next(61, bit(Type::Tick60) | bit(Type::Tick3600)) == 120);
  CHECK(Ticks::next(61, bit(Type::Tick3600)) == 3600);
  CHECK_FALSE(Ticks::next(61, bit(Type::ProcessLog)).has_value());
}

TEST_CASE("the wall timer fires at its deadline, and not once disarmed") {
  core::EventLoop loop;
  int fired = 0;
  WallTimer timer(loop, [&] { ++fired; });
  timer.arm(core::wallSeconds());  // has just passed
  CHECK(timer.armed());
  loop.step(core::seconds(5));
  CHECK(fired == 1);
  CHECK_FALSE(timer.armed());
  timer.arm(core::wallSeconds() - 1);
  timer.disarm();
  loop.step(core::milliseconds(1));
  CHECK(fired == 1);
}
