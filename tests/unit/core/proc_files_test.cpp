// SPDX-License-Identifier: MIT
#include "lib/core/proc_files.hpp"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace proc = core::proc;

namespace {

/// A line of /proc/PID/stat whose program has that name and whose field 22 is 4711.
std::string statOf(const std::string& name) {
  return "12 (" + name + ") S 1 12 12 0 -1 4194304 99 0 0 0 1 2 3 4 20 0 1 0 4711 2576384 200 18446744073709551615\n";
}

}  // namespace

TEST_CASE("the start time is field 22, whatever name a program gives itself") {
  CHECK(proc::startTimeIn(statOf("cat")) == 4711);
  CHECK(proc::startTimeIn(statOf("a b")) == 4711);
  CHECK(proc::startTimeIn(statOf(") S 1 1 1 0 -1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 (")) == 4711);
  CHECK(proc::startTimeIn(statOf("")) == 4711);
}

TEST_CASE("a text without a start time gives 0") {
  CHECK(proc::startTimeIn("") == 0);
  CHECK(proc::startTimeIn("12 (cat") == 0);
  CHECK(proc::startTimeIn("12 (cat) S 1 12") == 0);
  CHECK(proc::startTimeIn("12 (cat) S 1 12 12 0 -1 4194304 99 0 0 0 1 2 3 4 20 0 1 0 ") == 0);
}

TEST_CASE("a process finds itself, by its pid and as kSelf, and nobody finds one that does not exist") {
  char before[17] = {};
  ::prctl(PR_GET_NAME, before);
  ::prctl(PR_SET_NAME, "odd) S 1 (name");
  CHECK(proc::startTimeOf(::getpid()) > 0);
  CHECK(proc::startTimeOf(proc::kSelf) == proc::startTimeOf(::getpid()));
  ::prctl(PR_SET_NAME, before);
  CHECK(proc::startTimeOf(1 << 30) == 0);
  const auto pids = proc::allPids();
  CHECK(std::count(pids.begin(), pids.end(), ::getpid()) == 1);
}
