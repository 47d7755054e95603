// SPDX-License-Identifier: MIT
#include "daemon/instances/change.hpp"

#include <doctest/doctest.h>

using instances::Change;
using instances::Deed;
using instances::Failure;

TEST_CASE("a change is empty when there is nothing to report") {
  CHECK(Change{.name = "a"}.isEmpty());
  CHECK_FALSE(Change{.name = "a", .deed = Deed::Change}.isEmpty());
  Change file{.name = "a"}, refused{.name = "a"};
  file.report.changes.push_back({"create file", "/f"});
  refused.report.errors.emplace_back("no");
  CHECK_FALSE(file.isEmpty());
  CHECK_FALSE(refused.isEmpty());
  CHECK_FALSE(Change{.name = "a", .failures = {{Failure::Cause::NotRecorded, "no"}}}.isEmpty());
}

TEST_CASE("the first problem is the one that came first") {
  using enum Failure::Cause;
  CHECK_FALSE(Change{.name = "a", .deed = Deed::Add}.problem());
  CHECK_FALSE(Change{.name = "a", .failures = {{Superseded, ""}}}.problem());
  Change change{.name = "a", .failures = {{NotStarted, "start"}}};
  CHECK(change.problem() == "start");
  change.report.errors = {"files", "more"};
  CHECK(change.problem() == "files");
  change.failures.push_back({NotRecorded, "record"});
  CHECK(change.problem() == "record");
}
