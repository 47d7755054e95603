// SPDX-License-Identifier: MIT
#include "daemon/instances/process_table.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/instances/record.hpp"
#include "lib/core/spawn.hpp"

using namespace instances;

namespace {

/// A sleeping child with a mark; killed and reaped at the end.
class Child {
 public:
  explicit Child(const std::string& mark) {
    core::SpawnSpec spec;
    spec.file = "/bin/sleep";
    spec.arguments = {"sleep", "1000"};
    spec.environment = {std::string(kMark) + "=" + mark};
    pid = *core::spawn(spec);
  }
  ~Child() { end(); }
  void end() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = -1;
  }
  pid_t pid = -1;
};

Record recordOf(pid_t pid) {
  Record record;
  record.pid = pid;
  record.uid = ::geteuid();
  record.startTime = lookAt(pid)->startTime;
  return record;
}

std::vector<pid_t> pidsOf(const Traits& traits) {
  std::vector<pid_t> out;
  for (const auto& process : belongingTo(traits, allProcesses())) out.push_back(process.pid);
  return out;
}

}  // namespace

TEST_CASE("a process is known by its mark, and one with another mark is not") {
  const Child mine("a:1"), other("a:2");
  Traits traits;
  traits.uid = ::geteuid();
  traits.mark = "a:1";
  CHECK(pidsOf(traits) == std::vector<pid_t>{mine.pid});
  traits.mainPid = mine.pid;
  CHECK(pidsOf(traits).empty());
  traits.mainPid = 0;
  traits.uid = 12345;  // the mark of another account's process means nothing
  CHECK(pidsOf(traits).empty());
}

TEST_CASE("a process is known by the group of a program") {
  const Child program("x:1");
  Traits traits;
  traits.uid = ::geteuid();
  traits.mark = "nothing";
  traits.groups = {program.pid};
  CHECK(pidsOf(traits) == std::vector<pid_t>{program.pid});
}

TEST_CASE("the process of a record is found again, and nothing else is taken for it") {
  Child child("a:1");
  const auto uid = ::geteuid();
  CHECK(findAgain(recordOf(child.pid), uid, "a:1").valid());
  CHECK_FALSE(findAgain(recordOf(child.pid), uid, "a:2").valid());
  CHECK_FALSE(findAgain(recordOf(child.pid), uid + 1, "a:1").valid());
  auto reused = recordOf(child.pid);
  reused.startTime--;  // the pid is another process's now
  CHECK_FALSE(findAgain(reused, uid, "a:1").valid());
  auto initial = recordOf(child.pid);
  initial.pid = 1;
  CHECK_FALSE(findAgain(initial, uid, "a:1").valid());
  const auto record = recordOf(child.pid);
  child.end();
  CHECK_FALSE(findAgain(record, uid, "a:1").valid());
}

TEST_CASE("a record comes back as it was written, and only in the same boot") {
  const std::string path = "/tmp/test-record-" + std::to_string(::getpid());
  Record record;
  record.wanted = true;
  record.pid = 42;
  record.startTime = 123456789;
  record.uid = 1000;
  record.restarts = 3;
  REQUIRE(record.write(path));
  const auto back = Record::read(path);
  REQUIRE(back);
  CHECK(back->wanted);
  CHECK(back->pid == 42);
  CHECK(back->startTime == 123456789);
  CHECK(back->uid == 1000);
  CHECK(back->restarts == 3);
  ::unlink(path.c_str());
  CHECK_FALSE(Record::read(path));
}
