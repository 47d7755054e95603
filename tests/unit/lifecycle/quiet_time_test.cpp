// SPDX-License-Identifier: MIT
#include "lib/lifecycle/quiet_time.hpp"

#include <doctest/doctest.h>

#include <array>
#include <vector>

using core::Instant;
using core::milliseconds;

namespace {

Instant sinceStart(int ms) { return Instant() + milliseconds(ms); }

/// When a delay of 100 ms ends after changes at these times, in milliseconds.
int answered(const std::vector<int>& changes) {
  lifecycle::QuietTime quiet;
  for (const int change : changes) quiet.changed(sinceStart(change));
  return static_cast<int>((*quiet.due(milliseconds(100)) - Instant()) / milliseconds(1));
}

}  // namespace

TEST_CASE("there is no time before a change, and after an answer") {
  lifecycle::QuietTime quiet;
  CHECK_FALSE(quiet.pending());
  CHECK_FALSE(quiet.due(milliseconds(100)));
  quiet.changed(sinceStart(5));
  CHECK(quiet.pending());
  quiet.clear();
  CHECK_FALSE(quiet.due(milliseconds(100)));
}

TEST_CASE("each change postpones the answer, up to ten times the delay in all") {
  CHECK(answered({0}) == 100);
  CHECK(answered({0, 0, 0}) == 100);
  CHECK(answered({0, 40}) == 140);
  CHECK(answered({7, 90, 180}) == 280);
  CHECK(answered({0, 850}) == 950);
  CHECK(answered({0, 900}) == 1000);
  CHECK(answered({0, 950}) == 1000);
  CHECK(answered({0, 500, 5000}) == 1000);
}

TEST_CASE("a new row begins after an answer") {
  lifecycle::QuietTime quiet;
  quiet.changed(sinceStart(0));
  quiet.clear();
  quiet.changed(sinceStart(5000));
  CHECK(quiet.due(milliseconds(100)) == sinceStart(5100));
}

TEST_CASE("a longer delay counts immediately") {
  lifecycle::QuietTime quiet;
  quiet.changed(sinceStart(0));
  CHECK(quiet.due(milliseconds(100)) == sinceStart(100));
  CHECK(quiet.due(milliseconds(3000)) == sinceStart(3000));
}
