// SPDX-License-Identifier: MIT
#include "daemon/instances/process_table.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "daemon/instances/process_details.hpp"
#include "daemon/instances/process_index.hpp"
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
  record.startTime = readDetails({pid})[pid].startTime;
  return record;
}

SeenProcess see(pid_t pid) {
  SeenProcess seen{openPidfd(pid), {}};
  seen.details = readDetails({pid})[pid];
  return seen;
}

std::vector<pid_t> pidsOf(const ProcessMatcher& matcher) {
  std::vector<pid_t> out;
  for (const auto& process : ProcessIndex(allProcesses()).belongingTo(matcher)) out.push_back(process.pid);
  return out;
}

}  // namespace

TEST_CASE("the attributes of a process are read") {
  const Child child("x:1");
  const auto info = lookAt(child.pid);
  REQUIRE(info);
  CHECK(info->parent == ::getpid());
  CHECK(info->group == child.pid);
  CHECK(info->session == ::getsid(0));
  CHECK(info->uid == ::geteuid());
  CHECK_FALSE(info->zombie);
  ::kill(child.pid, SIGKILL);
  siginfo_t ended{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child.pid), &ended, WEXITED | WNOWAIT) == 0);
  CHECK(lookAt(child.pid)->zombie);
  CHECK_FALSE(lookAt(-1));
}

TEST_CASE("the details of processes have their mark, their program and their start time") {
  const Child one("a:1"), two("a:2");
  auto details = readDetails({one.pid, two.pid, 1 << 30});
  REQUIRE(details.size() == 2);
  CHECK(details[one.pid].mark == "a:1");
  CHECK(details[two.pid].mark == "a:2");
  CHECK(details[one.pid].startTime > 0);
  CHECK(details[one.pid].executable.file == executableAt("/bin/sleep").file);
  CHECK(details[one.pid].hasArgument("1000"));
  CHECK_FALSE(details[one.pid].hasArgument("100"));
}

TEST_CASE("a child reports the same start time that others read") {
  core::SpawnSpec spec;
  spec.file = "/bin/sleep";
  spec.arguments = {"sleep", "1000"};
  auto child = core::beginSpawn(spec);
  REQUIRE(child);
  core::SpawnReport report;
  while (!report.complete) core::readReport(child->report.get(), report);
  CHECK_FALSE(report.error);
  CHECK(report.startTime > 0);
  CHECK(report.startTime == readDetails({child->pid})[child->pid].startTime);
  ::kill(child->pid, SIGKILL);
  ::waitpid(child->pid, nullptr, 0);
}

TEST_CASE("a process is recognised by its mark, unless it belongs to another account") {
  const Child mine("a:1"), other("a:2");
  ProcessMatcher matcher;
  matcher.uid = ::geteuid();
  matcher.marked = {mine.pid};
  CHECK(pidsOf(matcher) == std::vector<pid_t>{mine.pid});
  matcher.mainPid = mine.pid;
  CHECK(pidsOf(matcher).empty());
  matcher.mainPid = 0;
  matcher.uid = 12345;
  CHECK(pidsOf(matcher).empty());
}

TEST_CASE("a process is recognised by the process group of a program") {
  const Child program("x:1");
  ProcessMatcher matcher;
  matcher.uid = ::geteuid();
  matcher.groups = {program.pid};
  CHECK(pidsOf(matcher) == std::vector<pid_t>{program.pid});
}

TEST_CASE("strays are processes of the account that do not descend from a main process") {
  const ProcessIndex all({
      {10, 1, 10, 10, 1000, false},   // a main process
      {11, 10, 11, 10, 1000, false},  // its program
      {12, 11, 11, 10, 1000, false},  // and its child
      {20, 1, 20, 20, 1000, false},   // left over
      {21, 20, 20, 20, 1000, false},  // and its child
      {22, 20, 20, 20, 1000, true},   // a zombie
      {30, 1, 30, 30, 2000, false},   // somebody else's
      {31, 30, 30, 30, 1000, false},  // a stray below it
      {40, 41, 40, 40, 1000, false},  // a cycle of parents: the table was read while it changed
      {41, 40, 40, 40, 1000, false},
  });
  CHECK(all.strays(1000, {{10, {}}}) == std::vector<pid_t>{20, 21, 31, 40, 41});
  CHECK(all.strays(1000, {{10, {}}, {20, {}}}) == std::vector<pid_t>{31, 40, 41});
  CHECK(all.strays(3000, {}).empty());
}

TEST_CASE("memory and processor time are the sums over the named processes") {
  const auto own = usageOf({::getpid()});
  REQUIRE(own.memoryBytes);
  CHECK(*own.memoryBytes > 100000);
  const Child child("x:1");
  CHECK(*usageOf({::getpid(), child.pid}).memoryBytes > *own.memoryBytes);
  CHECK(*usageOf({1 << 30}).memoryBytes == 0);
}

TEST_CASE("the process of a record is found again, and no other process is mistaken for it") {
  Child child("a:1");
  const auto uid = ::geteuid();
  CHECK(isSame(recordOf(child.pid), uid, "a:1", see(child.pid)));
  CHECK_FALSE(isSame(recordOf(child.pid), uid, "a:2", see(child.pid)));
  CHECK_FALSE(isSame(recordOf(child.pid), uid + 1, "a:1", see(child.pid)));
  CHECK_FALSE(isSame(recordOf(child.pid), uid, "a:1", SeenProcess{}));
  auto reused = recordOf(child.pid);
  --reused.startTime;  // the pid is another process's now
  CHECK_FALSE(isSame(reused, uid, "a:1", see(child.pid)));
  reused.startTime = 0;  // its start time was unknown
  CHECK_FALSE(isSame(reused, uid, "a:1", see(child.pid)));
  auto initial = recordOf(child.pid);
  initial.pid = 1;
  CHECK_FALSE(isSame(initial, uid, "a:1", see(1)));
  auto other = recordOf(child.pid);
  other.executable = {"/bin/other", "1:2"};
  CHECK_FALSE(isSame(other, uid, "a:1", see(child.pid)));
  const auto record = recordOf(child.pid);
  const auto seen = see(child.pid);
  child.end();
  CHECK_FALSE(isSame(record, uid, "a:1", seen));
}

TEST_CASE("an instance without a record is recognised by all of its signs") {
  core::SpawnSpec spec;
  spec.file = "/bin/sleep";
  spec.arguments = {"supervisord", "1000", "1"};  // the last is in place of the configuration's path
  spec.environment = {std::string(kMark) + "=a:1"};
  spec.newSession = true;
  const auto pid = *core::spawn(spec);
  const auto program = executableAt("/bin/sleep");
  const auto uid = ::geteuid();
  CHECK(looksLike(program, "1", uid, "a:1", pid, see(pid)));
  CHECK_FALSE(looksLike(executableAt("/bin/cat"), "1", uid, "a:1", pid, see(pid)));
  CHECK_FALSE(looksLike(Executable{}, "1", uid, "a:1", pid, see(pid)));
  CHECK_FALSE(looksLike(program, "2", uid, "a:1", pid, see(pid)));
  CHECK_FALSE(looksLike(program, "1", uid + 1, "a:1", pid, see(pid)));
  CHECK_FALSE(looksLike(program, "1", uid, "a:2", pid, see(pid)));
  CHECK_FALSE(looksLike(program, "1", uid, "", pid, see(pid)));
  CHECK_FALSE(looksLike(program, "1", uid, "a:1", pid, SeenProcess{}));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  const Child inOurSession("a:1");
  CHECK_FALSE(looksLike(program, "1000", uid, "a:1", inOurSession.pid, see(inOurSession.pid)));
}

TEST_CASE("a record is read as it was written, but only in the same boot") {
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
