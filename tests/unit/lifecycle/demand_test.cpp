// SPDX-License-Identifier: MIT
#include "lib/lifecycle/demand.hpp"

#include <doctest/doctest.h>

using core::Instant;
using core::milliseconds;
using lifecycle::Idleness;
using lifecycle::StartLimit;

namespace {

constexpr Instant at(int ms) { return Instant(milliseconds(1'000'000 + ms)); }

}  // namespace

TEST_CASE("starts are counted in a window that moves") {
  StartLimit limit;
  CHECK(limit.admit(at(0), 2, milliseconds(100)));
  CHECK(limit.admit(at(60), 2, milliseconds(100)));
  CHECK_FALSE(limit.admit(at(99), 2, milliseconds(100)));
  CHECK(limit.admit(at(100), 2, milliseconds(100)));
  CHECK_FALSE(limit.admit(at(159), 2, milliseconds(100)));
  limit.forget();
  CHECK(limit.admit(at(159), 1, milliseconds(100)));
}

TEST_CASE("a program is idle when no look has shown anything for the limit") {
  Idleness idle;
  idle.begin(at(0));
  CHECK_FALSE(idle.look(at(500), false, milliseconds(1000)));
  CHECK_FALSE(idle.look(at(900), true, milliseconds(1000)));
  CHECK_FALSE(idle.look(at(1400), false, milliseconds(1000)));
  CHECK_FALSE(idle.look(at(1899), false, milliseconds(1000)));
  CHECK(idle.look(at(1900), false, milliseconds(1000)));
}

TEST_CASE("when to look next") {
  struct Case {
    int now;
    int limit;
    int next;
  };
  const Case cases[] = {
      {0, 1000, 500},          // twice in the limit
      {700, 1000, 1000},       // when it is reached
      {0, 3'600'000, 30'000},  // and every 30 seconds
      {2000, 1000, 2001},      // it is over: soon, but not in this turn
  };
  for (const auto& one : cases) {
    Idleness idle;
    idle.begin(at(0));
    CAPTURE(one.now);
    CHECK(idle.next(at(one.now), milliseconds(one.limit)) == at(one.next));
  }
}
