// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/program_counts.hpp"

#include <doctest/doctest.h>

TEST_CASE("counts begin with running programs, then failed ones in capitals") {
  CHECK(manager::countsText({{"EXITED", 2}, {"FATAL", 1}, {"RUNNING", 12}}) == "12 run, 1 FATAL, 2 exited");
  CHECK(manager::countsText({{"BACKOFF", 1}, {"STARTING", 1}, {"UNKNOWN", 3}}) == "1 BACKOFF, 3 UNKNOWN, 1 starting");
  CHECK(manager::countsText({}) == "none");
  CHECK(manager::troubleText({{"RUNNING", 1}, {"STOPPED", 1}}).empty());
}
