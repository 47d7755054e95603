// SPDX-License-Identifier: MIT
#include "lib/core/budget.hpp"

#include <doctest/doctest.h>

using core::Budget;

TEST_CASE("a budget is spent, and refilled with time up to its limit") {
  core::Instant now{core::seconds(1000)};
  Budget budget(1000, 100, now);
  CHECK_FALSE(budget.isEmpty(now));
  budget.spend(999, now);
  CHECK_FALSE(budget.isEmpty(now));
  budget.spend(501, now);  // the last message may be larger than the rest of the budget
  CHECK(budget.isEmpty(now));
  const auto wait = budget.wait(now);
  CHECK(wait >= core::milliseconds(7500));
  CHECK(wait < core::milliseconds(7501));
  now += core::seconds(5);
  CHECK(budget.isEmpty(now));
  now += core::milliseconds(20);
  CHECK_FALSE(budget.isEmpty(now));
  now += core::seconds(1000000);
  budget.spend(1000, now);
  CHECK(budget.isEmpty(now));  // it was full, and not more
}

TEST_CASE("many short pauses refill a budget like one long pause") {
  core::Instant now{core::seconds(1000)};
  Budget budget(1000, 100, now);
  budget.spend(1000, now);
  for (int i = 0; i < 1000; ++i) {
    now += core::milliseconds(1);
    (void)budget.isEmpty(now);
  }
  budget.spend(99, now);
  CHECK_FALSE(budget.isEmpty(now));
  budget.spend(1, now);
  CHECK(budget.isEmpty(now));
}
