// SPDX-License-Identifier: MIT
#include "instance/events/recovery.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace events;

TEST_CASE("the delay of a listener's restart grows until it works") {
  BackOff backOff;
  std::vector<core::seconds::rep> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(backOff.next(false).count());
  CHECK(waits == std::vector<core::seconds::rep>{1, 2, 4, 8, 16, 32, 60, 60});
  CHECK(backOff.next(true).count() == 1);
  CHECK(backOff.next(false).count() == 2);
}
