// SPDX-License-Identifier: MIT
#include "daemon/bus/status_difference.hpp"

#include <doctest/doctest.h>

using bus::changedProperties;
using instances::InstanceStatus;
using Names = std::vector<std::string>;

TEST_CASE("only what changed is listed") {
  InstanceStatus was;
  InstanceStatus now;
  CHECK(changedProperties(was, now).empty());
  now.state = instances::InstanceState::Running;
  now.mainPid = 12;
  CHECK(changedProperties(was, now) == Names{"State", "MainPID"});
}

TEST_CASE("derived properties change with their source") {
  InstanceStatus was;
  InstanceStatus now;
  now.programCounts["RUNNING"] = 1;
  CHECK(changedProperties(was, now) == Names{"NPrograms", "ProgramsByState"});
  now = was;
  now.state = instances::InstanceState::Unmanaged;
  CHECK(changedProperties(was, now) == Names{"State", "Managed"});
}

TEST_CASE("numbers of programs that differ alone are found") {
  InstanceStatus was;
  InstanceStatus now;
  CHECK_FALSE(bus::differInProgramsOnly(was, now));
  now.programCounts["RUNNING"] = 1;
  CHECK(bus::differInProgramsOnly(was, now));
  now.restarts = 1;
  CHECK_FALSE(bus::differInProgramsOnly(was, now));
}
