// SPDX-License-Identifier: MIT
#include "lib/lifecycle/extended_stop.hpp"

#include <doctest/doctest.h>

using lifecycle::ProcessState;
using std::chrono::hours;
using std::chrono::minutes;

TEST_CASE("a stop can be extended to an hour in all, other states as asked for") {
  const core::Instant begin{hours(1000)};
  lifecycle::ExtendedStop stop;
  CHECK(stop.granted(begin + hours(5)) == begin + hours(5));
  stop.entered(ProcessState::Stopping, begin);
  CHECK(stop.granted(begin + minutes(10)) == begin + minutes(10));
  CHECK(stop.granted(begin + minutes(60)) == begin + hours(1));
  CHECK(stop.granted(begin + minutes(61)) == begin + hours(1));
  // Asking again moves nothing.
  for (int i = 0; i < 100; ++i) CHECK(stop.granted(begin + minutes(i) + hours(1)) == begin + hours(1));
  // The next stop has an hour of its own; a start has no such bound.
  stop.entered(ProcessState::Stopped, begin + hours(1));
  stop.entered(ProcessState::Starting, begin + hours(1));
  CHECK(stop.granted(begin + hours(9)) == begin + hours(9));
  stop.entered(ProcessState::Stopping, begin + hours(2));
  CHECK(stop.granted(begin + hours(9)) == begin + hours(3));
}
