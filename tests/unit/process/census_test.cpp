// SPDX-License-Identifier: MIT
// One look at /proc serves all programs that are stopped together.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>

#include "instance/process/census.hpp"
#include "lib/core/family_mark.hpp"
#include "lib/core/process_family.hpp"

TEST_CASE("a thousand searches at one time read /proc once") {
  core::EventLoop loop;
  process::Census census(loop);
  const auto now = core::Clock::now();
  for (pid_t leader = 1'000'000; leader < 1'001'000; ++leader)
    CHECK(core::listFamily({leader, false, true, core::family_mark::of(leader, 7)}, census.processes(now)).empty());
  CHECK(census.reads() == 1);
  CHECK(census.processesAt() == now);
  // Later ones read again, all of them once.
  const auto later = now + std::chrono::hours(1);
  for (int i = 0; i < 1000; ++i) (void)census.processes(later);
  CHECK(census.reads() == 2);
  CHECK(census.processesAt() == later);
  census.forget();
  (void)census.processes(later);
  CHECK(census.reads() == 3);
}

TEST_CASE("a search finds nobody by a number that is not that of a leader") {
  core::EventLoop loop;
  process::Census census(loop);
  const auto& all = census.processes().all();
  CHECK(std::none_of(all.begin(), all.end(), [](const auto& one) { return one.pid <= 1 || one.pid == ::getpid(); }));
}
