// SPDX-License-Identifier: MIT
#include "daemon/instances/program_table.hpp"

#include <doctest/doctest.h>

using namespace instances;

namespace {

using Counts = std::map<std::string, std::uint32_t>;

struct Table {
  ProgramTable table;
  std::vector<ProgramStatus> told;

  void apply(std::vector<core::notify::Program> programs, bool whole = false) {
    Notice notice;
    notice.programs = std::move(programs);
    notice.wholeTable = whole;
    told.clear();
    table.apply(notice, [this](const ProgramStatus& status) { told.push_back(status); });
  }
};

core::notify::Program program(const std::string& name, const std::string& state, pid_t pid,
                              const std::string& description = {}) {
  core::notify::Program out;
  out.name = name;
  out.state = state;
  out.pid = pid;
  out.description = description;
  return out;
}

}  // namespace

TEST_CASE("a program that differs in anything is reported") {
  Table test;
  test.apply({program("a", "STARTING", 5)});
  CHECK(test.told == std::vector<ProgramStatus>{{"a", "STARTING", 5, ""}});
  test.apply({program("a", "STARTING", 5)});
  CHECK(test.told.empty());
  test.apply({program("a", "RUNNING", 5)});
  CHECK(test.told.size() == 1);
  test.apply({program("a", "RUNNING", 6)});
  CHECK(test.told.size() == 1);
  test.apply({program("a", "RUNNING", 6, "unhealthy")});
  CHECK(test.told == std::vector<ProgramStatus>{{"a", "RUNNING", 6, "unhealthy"}});
  test.apply({program("a", "RUNNING", 6, "unhealthy")});
  CHECK(test.told.empty());
  test.apply({program("a", "RUNNING", 6)});
  CHECK(test.told == std::vector<ProgramStatus>{{"a", "RUNNING", 6, ""}});
  CHECK(test.table.list() == test.told);
}

TEST_CASE("programs are counted by state") {
  Table test;
  test.apply({program("a", "RUNNING", 5), program("b", "RUNNING", 6), program("c", "FATAL", 0, "no such file")});
  CHECK(test.table.counts() == Counts{{"RUNNING", 2}, {"FATAL", 1}});
  CHECK(test.table.groups() == std::set<pid_t>{5, 6});
  test.apply({program("a", "STOPPED", 0), program("b", "REMOVED", 0)});
  CHECK(test.told.back() == ProgramStatus{"b", "REMOVED", 0, ""});
  CHECK(test.table.counts() == Counts{{"STOPPED", 1}, {"FATAL", 1}});
  test.apply({program("b", "REMOVED", 0)});
  CHECK(test.told.empty());
  test.table.clear();
  CHECK(test.table.counts().empty());
  CHECK(test.table.list().empty());
}

TEST_CASE("what a whole table does not name is gone") {
  Table test;
  CHECK_FALSE(test.table.isComplete());
  test.apply({program("a", "RUNNING", 5), program("c", "FATAL", 0, "no such file")}, true);
  CHECK(test.table.isComplete());
  test.apply({program("a", "RUNNING", 5), program("b", "STARTING", 7)}, true);
  CHECK(test.told == std::vector<ProgramStatus>{{"c", "REMOVED", 0, ""}, {"b", "STARTING", 7, ""}});
  test.apply({program("c", "STOPPED", 0)});
  CHECK(test.table.list().back() == ProgramStatus{"c", "STOPPED", 0, ""});  // without its former description
}

TEST_CASE("a full table has room for what replaces it") {
  Table test;
  std::vector<core::notify::Program> first, second;
  for (std::size_t i = 0; i <= ProgramTable::kMostPrograms; ++i) {
    first.push_back(program("a" + std::to_string(i), "RUNNING", 5));
    second.push_back(program("b" + std::to_string(i), "RUNNING", 5));
  }
  test.apply(std::move(first), true);
  CHECK(test.table.counts() == Counts{{"RUNNING", ProgramTable::kMostPrograms}});
  test.apply(std::move(second), true);
  CHECK(test.table.counts() == Counts{{"RUNNING", ProgramTable::kMostPrograms}});
  CHECK(test.table.contains("b0"));
}
