// SPDX-License-Identifier: MIT
#include "lib/core/spawn.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "lib/core/spawn_watch.hpp"
#include "lib/core/unique_fd.hpp"

namespace {

std::string readAll(int fd) {
  std::string out;
  char buffer[4096];
  for (ssize_t n; (n = ::read(fd, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  return out;
}

/// Runs `spec` with its standard output and error on a pipe; returns what it wrote and its wait status.
/// `gap`: 3 stays closed, and 4 is the pipe too.
std::pair<std::string, int> run(core::SpawnSpec spec, bool gap = false) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  core::UniqueFd reader(ends[0]), writer(ends[1]);
  spec.descriptors = {{writer.get(), 0}, {writer.get(), 1}, {writer.get(), 2}};
  if (gap) spec.descriptors.insert(spec.descriptors.end(), {{-1, 3}, {writer.get(), 4}});
  const auto pid = core::spawn(spec);
  REQUIRE(pid.has_value());
  writer.reset();
  auto text = readAll(reader.get());
  int status = 0;
  REQUIRE(::waitpid(*pid, &status, 0) == *pid);
  return {text, status};
}

}  // namespace

TEST_CASE("a child has only the descriptors it was given, default signals and an empty mask") {
  for (const bool shared : {false, true}) {
    core::SpawnSpec spec;
    spec.file = "/bin/sh";
    spec.arguments = {"sh", "-c", "ls /proc/self/fd | wc -l; grep -E 'Sig(Blk|Ign)' /proc/self/status; echo $KEY"};
    spec.environment = {"KEY=value", "PATH=/usr/bin:/bin"};
    spec.shareMemory = shared;
    const auto [text, status] = run(spec);
    // 0, 1, 2 and the directory that ls itself opens
    CHECK(text.substr(0, 2) == "4\n");
    CHECK(text.find("SigBlk:\t0000000000000000") != std::string::npos);
    CHECK(text.find("SigIgn:\t0000000000000000") != std::string::npos);
    CHECK(text.find("value\n") != std::string::npos);
    CHECK(status == 0);
  }
}

TEST_CASE("a variable of a child has its pid, however the child is created") {
  for (const bool shared : {false, true}) {
    core::SpawnSpec spec;
    spec.file = "/bin/sh";
    spec.arguments = {"sh", "-c", "test $$ = $LISTEN_PID && echo $KEY"};
    spec.environment = {"KEY=value"};
    spec.pidVariable = "LISTEN_PID";
    spec.shareMemory = shared;
    CHECK(run(spec) == std::pair<std::string, int>("value\n", 0));
  }
}

TEST_CASE("a number between the descriptors of a child can stay closed") {
  for (const bool shared : {false, true}) {
    core::SpawnSpec spec;
    spec.file = "/bin/sh";
    spec.arguments = {"sh", "-c", "for n in 2 3 4 5; do [ -e /proc/$$/fd/$n ] && echo $n; done; echo text >&4"};
    spec.shareMemory = shared;
    CHECK(run(spec, true).first == "2\n4\ntext\n");
  }
}

TEST_CASE("a failed step is an error with its errno, and no child remains") {
  core::SpawnSpec spec;
  spec.file = "/nonexistent";
  spec.arguments = {"x"};
  const auto missing = core::spawn(spec);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().step == core::SpawnStep::Exec);
  CHECK(missing.error().code == ENOENT);
  spec.file = "/bin/true";
  spec.directory = "/nonexistent";
  const auto directory = core::spawn(spec);
  REQUIRE_FALSE(directory.has_value());
  CHECK(directory.error().step == core::SpawnStep::Directory);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("with explainOnStderr the child prints Supervisor's text and exits with 127") {
  core::SpawnSpec spec;
  spec.file = "/nonexistent";
  spec.arguments = {"prog"};
  spec.explainOnStderr = true;
  spec.shareMemory = true;
  const auto [text, status] = run(spec);
  CHECK(text == "supervisor: couldn't exec prog: ENOENT\nsupervisor: child process was not spawned\n");
  CHECK(WEXITSTATUS(status) == 127);
}

TEST_CASE("with explainOnStderr the parent gets the reason too, however the child was created") {
  for (const bool shared : {false, true}) {
    const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    core::SpawnSpec spec;
    spec.file = "/bin/true";
    spec.arguments = {"true"};
    spec.descriptors = {{null.get(), 0}, {null.get(), 1}, {null.get(), 2}};
    spec.explainOnStderr = true;
    spec.shareMemory = shared;
    const auto why = [&] {
      const auto child = core::beginSpawn(spec);
      REQUIRE(child.has_value());
      CHECK_FALSE(child->report);
      int status = 0;
      REQUIRE(::waitpid(child->pid, &status, 0) == child->pid);
      CHECK(WEXITSTATUS(status) == (child->failure ? 127 : 0));
      return child->failure ? core::supervisorsWords(spec, *child->failure) : std::string("none");
    };
    CHECK(why() == "none");
    spec.directory = "/nonexistent/x";
    CHECK(why() == "couldn't chdir to /nonexistent/x: ENOENT");
    spec.directory.clear();
    spec.file = "/nonexistent";
    CHECK(why() == "couldn't exec true: ENOENT");
    spec.limits.emplace_back(999, rlimit{1, 1});
    CHECK(why() == "couldn't prepare the child (limits): EINVAL");
  }
}

namespace {

/// An executable of which an exec hangs, as on a file system that does not answer: it has a lease on it, which the
/// kernel asks back.
class HangingProgram {
 public:
  HangingProgram() : path("/tmp/test-spawn-" + std::to_string(::getpid())) {
    ::signal(SIGIO, SIG_IGN);  // the kernel sends it when another process opens the file
    const core::UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700));
    REQUIRE(::write(file.get(), "#!/bin/true\n", 12) == 12);
    lease_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }
  ~HangingProgram() {
    lease_.reset();
    ::unlink(path.c_str());
    ::signal(SIGIO, SIG_DFL);
  }
  void hang() const { REQUIRE(::fcntl(lease_.get(), F_SETLEASE, F_WRLCK) == 0); }
  std::string path;

 private:
  core::UniqueFd lease_;
};

/// The descriptors of a process, where it is at a point that its program cannot be seen from.
std::vector<std::string> descriptorsOf(pid_t pid) {
  std::vector<std::string> out;
  for (int fd = 0; fd < 64; ++fd) {
    char target[256];
    const auto n = ::readlink(("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd)).c_str(), target, 255);
    if (n > 0) out.emplace_back(target, static_cast<std::size_t>(n));
  }
  return out;
}

}  // namespace

TEST_CASE("before its exec a child has only the descriptors it was given, and is killed if the exec hangs") {
  HangingProgram program;
  program.hang();
  const core::UniqueFd lock(::open((program.path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  ::unlink((program.path + ".lock").c_str());
  const core::UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));

  core::SpawnSpec spec;
  spec.file = program.path;
  spec.arguments = {"x"};
  spec.descriptors = {{null.get(), 0}, {null.get(), 1}, {null.get(), 2}};
  auto child = core::beginSpawn(spec);
  REQUIRE(child);
  const pid_t pid = child->pid;
  core::SpawnReport result;
  while (result.startTime == 0) core::readReport(child->report.get(), result);  // sent before it drops its rights
  const auto open = descriptorsOf(pid);
  REQUIRE(open.size() == 4);
  for (int i = 0; i < 3; ++i) CHECK(open[static_cast<std::size_t>(i)] == "/dev/null");
  CHECK(open[3].starts_with("pipe:"));

  core::EventLoop loop;
  bool done = false;
  core::SpawnWatch watch(loop, std::move(*child), [&](const core::SpawnReport& report) {
    result = report;
    done = true;
  });
  while (!done) loop.step(core::seconds(5));
  REQUIRE(result.error);
  CHECK(result.error->step == core::SpawnStep::Time);
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WIFSIGNALED(status));
}

TEST_CASE("the loop reports a child's exec or failure") {
  core::EventLoop loop;
  core::SpawnSpec spec;
  spec.file = "/bin/true";
  spec.arguments = {"true"};
  for (const bool good : {true, false}) {
    if (!good) spec.directory = "/nonexistent";
    auto child = core::beginSpawn(spec);
    REQUIRE(child);
    const pid_t pid = child->pid;
    std::optional<core::SpawnReport> result;
    core::SpawnWatch watch(loop, std::move(*child), [&](const core::SpawnReport& report) { result = report; });
    while (!result) loop.step(core::seconds(5));
    CHECK(result->error.has_value() == !good);
    if (!good) CHECK(result->error->step == core::SpawnStep::Directory);
    CHECK(result->startTime > 0);
    ::waitpid(pid, nullptr, 0);
  }
}

TEST_CASE("without a loop, a child without exec in time is an error, and is killed") {
  HangingProgram program;
  program.hang();
  core::SpawnSpec spec;
  spec.file = program.path;
  spec.arguments = {"x"};
  const auto pid = core::spawn(spec);
  REQUIRE_FALSE(pid);
  CHECK(pid.error().step == core::SpawnStep::Time);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
}

TEST_CASE("the kernel may prefer a child to its parent when memory runs out") {
  const core::UniqueFd file(::open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC));
  const int own = std::stoi(readAll(file.get()));
  core::SpawnSpec spec;
  spec.file = "/bin/cat";
  spec.arguments = {"cat", "/proc/self/oom_score_adj"};
  for (const bool shared : {false, true}) {
    spec.shareMemory = shared;
    spec.oomScoreRaise = 200;
    spec.oomScoreAdjust.reset();
    CHECK(run(spec).first == std::to_string(own == -1000 ? own : std::min(own + 200, 1000)) + "\n");
    spec.oomScoreRaise = 5000;
    CHECK(run(spec).first == (own == -1000 ? "-1000\n" : "1000\n"));
    spec.oomScoreAdjust = 300;
    CHECK(run(spec).first == "300\n");
  }
}

TEST_CASE("a child that has reached its program is not killed because the loop came late") {
  core::EventLoop loop;
  core::SpawnSpec spec;
  spec.file = "/bin/sleep";
  spec.arguments = {"sleep", "1000"};
  auto child = core::beginSpawn(spec);
  REQUIRE(child);
  const auto pid = child->pid;
  core::SpawnReport seen;
  core::SpawnWatch watch(loop, std::move(*child), [&](const core::SpawnReport& report) {
    seen = report;
    loop.exit(1);
  });
  const auto late = core::Clock::now() + core::milliseconds(1100);  // its limit is a second
  while (core::Clock::now() < late) ::usleep(1000);
  CHECK(loop.run() == 1);
  CHECK(seen.complete);
  CHECK_FALSE(seen.error);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST_CASE("the kernel puts the pid where it is wanted") {
  for (const bool share : {false, true}) {
    pid_t place = 0;
    core::SpawnSpec spec;
    spec.file = "/bin/true";
    spec.arguments = {"true"};
    spec.shareMemory = share;
    spec.pidPlace = &place;
    const auto pid = core::spawn(spec);
    REQUIRE(pid);
    CHECK(place == *pid);
    CHECK(::waitpid(*pid, nullptr, 0) == *pid);
  }
}
