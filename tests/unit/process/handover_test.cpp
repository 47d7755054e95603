// SPDX-License-Identifier: MIT
// What a table knows goes over to the next one, at any moment.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "instance/output/rotating_file.hpp"
#include "tests/unit/process/succession.hpp"

using lifecycle::ProcessState;
using process::Channel;

namespace {

/// The text of the log of a program's standard output.
std::string logOf(const Succession& s, const std::string& name) {
  return Bench::read(s.program(name).logPath(Channel::Stdout));
}

void untilLogged(const Succession& s, const std::string& name, const std::string& text) {
  s.now().until([&] { return logOf(s, name) == text; });
}

}  // namespace

TEST_CASE("a running program keeps its pid, its log and its end through handovers") {
  Succession s;
  s.now().add(Bench::shell("p", "while read x; do echo $x; done; exit 3"));
  s.program("p").start();
  const pid_t pid = s.program("p").pid();
  const auto log = s.program("p").logPath(Channel::Stdout);
  std::string expected;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(s.program("p").writeStdin(std::to_string(i) + "\n").has_value());
    expected += std::to_string(i) + "\n";
    if (i % 2 == 0) untilLogged(s, "p", expected);  // else it is still in a pipe
    const auto number = s.program("p").number();
    s.handOver();
    CHECK(s.program("p").pid() == pid);
    CHECK(s.program("p").number() == number);
    CHECK(s.program("p").state() == ProcessState::Running);
    CHECK_FALSE(s.program("p").isForeign());
  }
  CHECK(s.program("p").logPath(Channel::Stdout) == log);
  untilLogged(s, "p", expected);
  CHECK(s.now().events == "+p ");
  ::kill(pid, SIGKILL);
  s.now().until(s.program("p"), ProcessState::Exited);
  CHECK(s.now().log().find("WARN exited: p (terminated by SIGKILL; not expected)") != std::string::npos);
}

TEST_CASE("an end that nobody has seen before the handover is reported after it") {
  Succession s;
  s.now().add(Bench::shell("p", "echo last words; exit 3"));
  s.program("p").start();
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(s.program("p").pid()), &info, WEXITED | WNOWAIT) == 0);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const timespec now{};
  CHECK(::sigtimedwait(&child, nullptr, &now) == SIGCHLD);  // the predecessor has received it
  s.handOver();
  s.now().until(s.program("p"), ProcessState::Exited);
  CHECK(s.program("p").exitStatus() == 3);
  CHECK(logOf(s, "p") == "last words\n");
  CHECK(s.now().events == "+p p:RUNNING p:EXITED ");
}

TEST_CASE("half a control sequence and half a line are completed by the successor") {
  Succession s;
  auto settings = s.now().table.settings();
  settings.stripAnsi = true;
  s.now().table.apply(settings);
  s.now().add(Bench::shell("p", "printf \"a\\033\"; read x; printf \"[3\"; read x; echo \"1mred\"; read x"));
  s.program("p").start();
  untilLogged(s, "p", "a");
  s.handOver(settings);
  CHECK(s.save().programs.front().out.escape == 1);
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  s.now().until([&] { return s.save().programs.front().out.escape == 2; });
  s.handOver(settings);
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  untilLogged(s, "p", "ared\n");
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  s.now().until(s.program("p"), ProcessState::Exited);
}

TEST_CASE("a capture section that is half read is complete afterwards") {
  Succession s;
  auto config = Bench::shell("p",
                             "printf \"x<!--XSUPER\"; read x; printf \"VISOR:BEGIN-->sec\"; read x; "
                             "printf \"ret<!--XSUPERVISOR:E\"; read x; printf \"ND-->y\"; read x");
  config->out.captureMaxBytes = 100;
  config->out.events = true;
  s.now().add(config);
  s.program("p").start();
  const auto out = [&] { return s.save().programs.front().out; };
  s.now().until([&] { return out().captureHeld == "<!--XSUPER"; });
  s.handOver();
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  s.now().until([&] { return out().captured == "sec"; });
  CHECK(out().capturing);
  s.handOver();
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  s.now().until([&] { return out().captureHeld == "<!--XSUPERVISOR:E"; });
  s.handOver();
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  s.now().until([&] { return s.now().said == "secret"; });
  untilLogged(s, "p", "xy");
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  s.now().until(s.program("p"), ProcessState::Exited);
}

TEST_CASE("what standard input has not taken is sent by the successor, in order") {
  Succession s;
  const auto go = s.now().directory() + "/go";
  s.now().add(Bench::shell("p", "while [ ! -e " + go + " ]; do sleep 0.01; done; exec cat"));
  s.program("p").start();
  std::string sent;
  for (int i = 0; i < 120; ++i) {
    const auto chunk = std::string(1000, static_cast<char>('a' + i % 26));
    REQUIRE(s.program("p").writeStdin(chunk).has_value());
    sent += chunk;
    if (i % 30 == 29) s.handOver();
  }
  CHECK(s.save().programs.front().inputPending.size() > 10'000);
  { const std::ofstream made(go); }
  untilLogged(s, "p", sent);
  ::kill(s.program("p").pid(), SIGKILL);
  s.now().until(s.program("p"), ProcessState::Exited);
}

TEST_CASE("deadlines and counts are those of before, and nothing is started early") {
  Succession s;
  auto starting = Bench::shell("starting", "exec sleep 1000");
  starting->startSeconds = 1;
  auto retrying = Bench::shell("retrying", "exit 1");
  retrying->startSeconds = 1000;
  retrying->startRetries = 1;
  auto stubborn = Bench::shell("stubborn", "trap : TERM; echo ready; while :; do sleep 1000; done");
  stubborn->stopWaitSeconds = 1;
  auto fatal = Bench::shell("fatal", "");
  fatal->command = "/no/such/command";
  fatal->startRetries = 0;
  auto again = Bench::shell("again", "exit 7");
  again->autoRestart = config::AutoRestart::Always;
  for (const auto& config : {starting, retrying, stubborn, fatal, again}) s.now().add(config);
  for (const auto* name : {"starting", "retrying", "stubborn", "fatal"}) s.program(name).start();
  const pid_t stubbornPid = s.program("stubborn").pid();
  s.now().until(s.program("retrying"), ProcessState::Backoff);
  untilLogged(s, "stubborn", "ready\n");
  s.program("again").start();
  s.now().until(s.program("again"), ProcessState::Exited);
  REQUIRE(s.program("stubborn").stop().has_value());
  const auto before = s.save().programs;
  s.handOver();
  s.handOver();
  CHECK(s.save().programs == before);
  CHECK(s.program("fatal").spawnError() == "can't find command '/no/such/command'");
  s.now().until(s.program("retrying"), ProcessState::Fatal);
  s.now().until(s.program("stubborn"), ProcessState::Stopped);
  ::kill(-stubbornPid, SIGKILL);  // its sleep
  s.now().until(s.program("starting"), ProcessState::Running);
  CHECK(s.now().log().find("WARN killing 'stubborn' (" + std::to_string(stubbornPid) + ") with SIGKILL") !=
        std::string::npos);
  s.now().until([&] { return s.now().events.find("again:STARTING again:RUNNING again:EXITED") != std::string::npos; });
  s.now().table.leave(process::SupervisorState::Shutdown);
  s.now().until([&] { return s.now().down; });
}

TEST_CASE("a process group is waited for by the successor, before and after its leader has ended") {
  Succession s;
  auto config = Bench::shell("p", "trap \"\" TERM; (while :; do sleep 1000; done) & trap - TERM; echo $!; read x");
  config->stopAsGroup = true;
  config->stopWaitSeconds = 1000;
  s.now().add(config);
  s.program("p").start();
  s.now().until([&] { return logOf(s, "p").ends_with("\n"); });
  const pid_t other = std::stoi(logOf(s, "p"));
  REQUIRE(s.program("p").stop().has_value());
  s.handOver();
  s.now().until([&] { return s.save().programs.front().remains->begun; });
  CHECK(s.save().programs.front().remains->session == ::getsid(0));
  s.handOver();
  CHECK(s.program("p").state() == ProcessState::Stopping);
  const pid_t group = s.program("p").pid();
  CHECK(::getpgid(other) == group);
  ::kill(-group, SIGKILL);
  s.now().until(s.program("p"), ProcessState::Stopped);
  CHECK(s.now().log().find("stopped: p (terminated by SIGTERM)") != std::string::npos);
}

TEST_CASE("what an ended process left in its pipe is delivered by the successor, for that process") {
  Succession s;
  const auto fifo = s.now().directory() + "/fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const core::UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const auto into = [&](const std::string& name, const std::string& script) {
    auto made = Bench::shell(name, script);
    made->out.target = config::LogSettings::Target::File;
    made->out.path = fifo;
    made->out.captureMaxBytes = 100;
    s.now().add(made);
  };
  into("filler", "head -c 100000 /dev/zero");  // more than a pipe holds
  s.program("filler").start();
  s.now().until(s.program("filler"), ProcessState::Exited);
  into("p", "printf \"<!--XSUPERVISOR:BEGIN-->$$ <!--XSUPERVISOR:END-->\"; echo said by $$");
  std::string expected = std::string(100'000, '\0');
  for (int run = 0; run < 3; ++run) {
    s.program("p").start();
    expected += "said by " + std::to_string(s.program("p").pid()) + "\n";
    s.now().until(s.program("p"), ProcessState::Exited);
    s.handOver();
  }
  const auto saved = s.save();
  CHECK(saved.unsent.size() == 1);
  CHECK(saved.unsent.front().path == fifo);
  CHECK(saved.unsent.front().name == "log file " + fifo);
  CHECK(saved.programs.back().out.left.size() == 3);
  CHECK(s.now().said.empty());
  std::string got;
  s.now().until([&] {
    char bytes[4096];
    for (ssize_t n = 0; (n = ::read(reader.get(), bytes, sizeof bytes)) > 0;)
      got.append(bytes, static_cast<std::size_t>(n));
    return got.size() >= expected.size();
  });
  CHECK(got == expected);
  CHECK(s.now().said == s.now().saidBy);
}

TEST_CASE("programs that were added and removed at run time stay so") {
  Succession s;
  auto& group = s.now().add("g", {Bench::shell("b", "exit 0"), Bench::shell("a", "exec sleep 1000")});
  REQUIRE(group.add(Bench::shell("c", "exec sleep 1000")) != nullptr);
  group.remove(*group.find("b"));
  for (const auto* name : {"c", "a"}) s.program("g", name).start();
  const auto configured = s.now().table.find("g")->configPtr();
  s.handOver();
  s.handOver();
  CHECK(s.now().table.find("g")->configPtr() == configured);
  std::string names;
  for (const auto& program : s.now().table.find("g")->processes()) names += program->name();
  CHECK(names == "ac");
  auto* const later = s.now().table.find("g")->add(Bench::shell("d", "exit 0"));
  CHECK(later->number() > s.program("g", "c").number());
  s.now().table.leave(process::SupervisorState::Shutdown);
  s.now().until([&] { return s.now().down; });
}

TEST_CASE("a shared socket stays open, and is closed after its last program") {
  Succession s;
  auto config = std::make_shared<config::GroupConfig>();
  config->name = "web";
  config->kind = config::GroupConfig::Kind::Fcgi;
  for (const auto* name : {"one", "two"}) {
    auto program = Bench::shell(name, "readlink /proc/self/fd/0; exec sleep 1000");
    program->socket = 0;
    config->processes.push_back(std::move(program));
  }
  auto& socket = config->sockets.emplace_back();
  socket.path = s.now().directory() + "/web.sock";
  socket.url = "unix://" + socket.path;
  REQUIRE(s.now().table.add(config).has_value());
  s.program("web", "one").start();
  const auto seen = [&](const char* name) { return Bench::read(s.program("web", name).logPath(Channel::Stdout)); };
  s.now().until([&] { return !seen("one").empty(); });
  s.handOver();
  s.program("web", "two").start();
  s.now().until([&] { return !seen("two").empty(); });
  CHECK(seen("two") == seen("one"));
  s.handOver();
  CHECK(s.save().sharedSockets.front().users == 2);
  s.now().table.leave(process::SupervisorState::Shutdown);
  s.now().until([&] { return s.now().down; });
  CHECK(s.now().log().find("Closing socket unix://") != std::string::npos);
}

TEST_CASE("an open log is written on where it was, even if its path cannot be opened any more") {
  Succession s;
  auto config = Bench::shell("p", "echo one; read x; echo two; read x");
  config->out.target = config::LogSettings::Target::File;
  config->out.path = s.now().directory() + "/p.log";
  s.now().add(config);
  s.program("p").start();
  untilLogged(s, "p", "one\n");
  const auto moved = config->out.path + ".moved";
  REQUIRE(::rename(config->out.path.c_str(), moved.c_str()) == 0);
  REQUIRE(::mkdir(config->out.path.c_str(), 0700) == 0);
  s.handOver();
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  s.now().until([&] { return Bench::read(moved) == "one\ntwo\n"; });
  REQUIRE(s.program("p").writeStdin("\n").has_value());
  s.now().until(s.program("p"), ProcessState::Exited);
}
