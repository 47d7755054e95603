// SPDX-License-Identifier: MIT
#include "lib/lifecycle/lifespan.hpp"

#include <doctest/doctest.h>

#include <set>

namespace {

using core::milliseconds;
using core::seconds;
using lifecycle::firstLimit;
using lifecycle::Lifespan;
using lifecycle::Limit;

const core::Instant kBorn{seconds(1000)};

}  // namespace

TEST_CASE("without a limit nothing happens") {
  CHECK_FALSE(firstLimit({}, kBorn, 1, true));
  CHECK_FALSE(firstLimit({milliseconds(0), seconds(5), {}}, kBorn, 1, false));
}

TEST_CASE("the first limit counts") {
  const auto runtime = firstLimit({seconds(5), seconds(7), {}}, kBorn, 1, true);
  REQUIRE(runtime);
  CHECK(runtime->kind == Limit::Kind::Runtime);
  CHECK(runtime->when == kBorn + seconds(5));
  const auto age = firstLimit({seconds(9), seconds(7), {}}, kBorn, 1, true);
  REQUIRE(age);
  CHECK(age->kind == Limit::Kind::Age);
  CHECK(age->when == kBorn + seconds(7));
  CHECK(firstLimit({seconds(9), seconds(7), {}}, kBorn, 1, false)->kind == Limit::Kind::Runtime);
}

TEST_CASE("the jitter only delays, stays the same for a process, and differs between programs") {
  const Lifespan span{milliseconds(0), seconds(100), seconds(10)};
  std::set<core::Instant> times;
  for (std::uint32_t salt = 1; salt <= 50; ++salt) {
    const auto limit = firstLimit(span, kBorn, salt, true);
    REQUIRE(limit);
    CHECK(limit->when >= kBorn + seconds(100));
    CHECK(limit->when <= kBorn + seconds(110));
    CHECK(firstLimit(span, kBorn, salt, true)->when == limit->when);
    times.insert(limit->when);
  }
  CHECK(times.size() > 45);
  CHECK(*times.rbegin() - *times.begin() > seconds(5));
}

TEST_CASE("the longest times fit into the clock") {
  constexpr milliseconds kCentury = std::chrono::hours(24 * 365 * 100);
  const auto limit = firstLimit({milliseconds(0), kCentury, kCentury}, kBorn, 7, true);
  REQUIRE(limit);
  CHECK(limit->when >= kBorn + kCentury);
  CHECK(limit->when <= kBorn + 2 * kCentury);
}
