// SPDX-License-Identifier: MIT
// Processes of a supervisord that has crashed: they are not our children.
#include "instance/process/foreign.hpp"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>

#include <array>

#include "lib/core/proc_files.hpp"
#include "tests/unit/process/succession.hpp"

using lifecycle::ProcessState;
using process::Channel;

namespace {

/// A shell that runs a script as a grandchild, in a process group of its own, as one that a crashed supervisord had
/// started; and the state that was left of it.
struct Orphan {
  explicit Orphan(const std::string& name, const std::string& script) {
    int in[2], out[2], told[2];
    REQUIRE(::pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    REQUIRE(::pipe2(told, O_CLOEXEC) == 0);
    program.startedAfter = process::ticksSinceBoot();
    const pid_t parent = ::fork();
    REQUIRE(parent >= 0);
    if (parent == 0) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::setpgid(0, 0);
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
        ::_exit(127);
      }
      (void)!::write(told[1], &child, sizeof child);
      ::_exit(0);
    }
    REQUIRE(::read(told[0], &program.pid, sizeof program.pid) == sizeof program.pid);
    REQUIRE(::waitpid(parent, nullptr, 0) == parent);
    for (const int fd : {in[0], out[1], told[0], told[1]}) ::close(fd);
    program.startedBefore = process::ticksSinceBoot();
    stdinEnd.reset(in[1]);
    stdoutEnd.reset(out[0]);
    program.group = program.name = name;
    program.number = 7;
    program.machine.state = ProcessState::Running;
    program.machine.started = core::Clock::now();
    program.startedAt = 1;
    program.input = "p7.in";
    program.out.pipe = "p7.out";
    program.out.live = program.out.logOpen = true;
    config->name = name;
    config->command = "/bin/sh -c :";
    config->startSeconds = 0;
    config->autoRestart = config::AutoRestart::Never;
    config->redirectStderr = true;
  }
  ~Orphan() { ::kill(-program.pid, SIGKILL); }

  [[nodiscard]] state::State state() const {
    auto group = std::make_shared<config::GroupConfig>();
    group->name = program.group;
    group->processes = {config};
    state::State made;
    made.groups = {group};
    made.programs = {program};
    return made;
  }

  state::Program program;
  std::shared_ptr<config::ProcessConfig> config = std::make_shared<config::ProcessConfig>();
  core::UniqueFd stdinEnd, stdoutEnd;
};

/// Takes an orphan over.
struct Taken {
  explicit Taken(Orphan& orphan, bool listens = true) : pid(orphan.program.pid) {
    orphan.program.out.logPath = s.now().directory() + "/out.log";
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    manager.reset(ends[0]);
    const core::UniqueFd unused(listens ? -1 : ends[1]);
    state::Incoming incoming;
    if (listens) incoming.add("exits", core::UniqueFd(ends[1]));
    incoming.add("p7.in", std::move(orphan.stdinEnd));
    incoming.add("p7.out", std::move(orphan.stdoutEnd));
    REQUIRE(s.now().table.restore(orphan.state(), incoming).has_value());
    s.now().table.resumed();
  }
  [[nodiscard]] process::Process& program() const { return *s.now().table.groups().front()->processes().front(); }
  void tell(const std::string& message) const {
    REQUIRE(::send(manager.get(), message.data(), message.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(message.size()));
  }
  void tellExit(int waitStatus) const { tell(fmt::format("EXITED={} {}", pid, waitStatus)); }
  void untilEnded() {
    s.now().until([&] { return ::kill(pid, 0) != 0 || zombie(); });
  }
  [[nodiscard]] bool zombie() const {
    std::array<char, 4096> buffer;
    return core::proc::field(core::proc::read(pid, "status", buffer.data(), buffer.size()), "\nState:").find('Z') !=
           std::string_view::npos;
  }

  Succession s;
  core::UniqueFd manager;
  pid_t pid;
};

}  // namespace

TEST_CASE("a program that is taken over is read and written, and its exit status comes from the manager") {
  Orphan orphan("p", "while read x; do echo $x; done; exit 3");
  Taken t(orphan);
  CHECK(t.program().isForeign());
  CHECK(t.program().state() == ProcessState::Running);
  REQUIRE(t.program().writeStdin("said\n").has_value());
  t.s.now().until([&] { return Bench::read(t.program().logPath(Channel::Stdout)) == "said\n"; });
  t.s.handOver();  // an upgrade after the crash
  CHECK(t.program().isForeign());
  t.tell("EXITED=1 0");
  t.tell("EXITED=" + std::to_string(t.pid) + " 127");  // that a process was stopped is not its end
  t.tell(std::string(1000, 'x'));
  t.tellExit(3 << 8);
  t.s.now().until(t.program(), ProcessState::Exited);
  CHECK(t.program().exitStatus() == 3);
  CHECK_FALSE(t.program().isForeign());
  CHECK(t.s.now().log().find("exited: p (exit status 3; not expected)") != std::string::npos);
}

TEST_CASE("a foreign process is stopped by its signal, and its group is waited for") {
  Orphan orphan("p", "(trap \"\" TERM; exec sleep 1000) & echo $!; exec sleep 1000");
  orphan.config->stopAsGroup = true;
  orphan.config->stopWaitSeconds = 1000;
  Taken t(orphan);
  t.s.now().until([&] { return Bench::read(t.program().logPath(Channel::Stdout)).ends_with("\n"); });
  REQUIRE(t.program().signal(SIGCONT).has_value());
  REQUIRE(t.program().stop().has_value());
  t.untilEnded();
  t.tellExit(SIGTERM);
  t.s.now().until([&] { return !t.program().isForeign(); });
  CHECK(::send(t.manager.get(), "x", 1, MSG_NOSIGNAL) < 0);  // it was the last one: nobody listens any more
  // In a container nobody may reap the leader: then only its own end counts.
  if (::kill(t.pid, 0) != 0) {
    CHECK(t.program().state() == ProcessState::Stopping);
    ::kill(-t.pid, SIGKILL);
  }
  t.s.now().until(t.program(), ProcessState::Stopped);
}

TEST_CASE("a message about an end stays for a successor until it has been handled") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  const core::UniqueFd manager(ends[0]);
  const int ours = ends[1];
  const auto next = [&] {
    std::array<char, 64> bytes;
    const auto n = ::recv(ours, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    return n < 0 ? std::string() : std::string(bytes.data(), static_cast<std::size_t>(n));
  };
  core::EventLoop loop;
  std::string told;
  process::Exits exits(loop, core::UniqueFd(ours),
                       {[] {}, [&](pid_t pid, int status) { told += fmt::format("{} {}, ", pid, status); },
                        [&] { told += "with " + next() + "; "; }});
  for (const std::string message : {"EXITED=12 0", "EXITED=13 256"})
    REQUIRE(::send(manager.get(), message.data(), message.size(), 0) > 0);
  exits.read();
  CHECK(told == "12 0, with EXITED=12 0; 13 256, with EXITED=13 256; ");
  CHECK(next().empty());
}

TEST_CASE("an end of which nobody tells is unexpected, and said to be unknown") {
  Orphan orphan("p", "read x; exit 0");
  orphan.config->autoRestart = config::AutoRestart::Never;
  Taken t(orphan, false);
  REQUIRE(t.program().writeStdin("\n").has_value());
  t.s.now().until(t.program(), ProcessState::Exited);
  CHECK(t.program().exitStatus() == -1);
  CHECK(t.program().spawnError() == "exit status unknown");
  CHECK(t.program().description().ends_with(", exit status unknown"));
  CHECK(t.s.now().log().find("WARN exited: p (exit status unknown; not expected)") != std::string::npos);
}

TEST_CASE("the status of a process that has ended before the takeover comes late, or not at all") {
  for (const bool told : {true, false}) {
    CAPTURE(told);
    Orphan orphan("p", "exit 0");
    orphan.program.machine.started = core::Clock::now() - core::seconds(10);
    std::array<char, 1> byte;
    CHECK(::read(orphan.stdoutEnd.get(), byte.data(), byte.size()) == 0);  // it has closed its output
    Taken t(orphan);
    t.untilEnded();
    if (told) t.tellExit(0);
    t.s.now().until(t.program(), ProcessState::Exited);
    CHECK(t.program().exitStatus() == (told ? 0 : -1));
    CHECK(t.program().spawnError() == (told ? "" : "exit status unknown"));
  }
}

TEST_CASE("a pid that is another process's by now is neither signalled nor taken for the program") {
  Orphan orphan("p", "exec sleep 1000");
  orphan.program.startedAfter -= 1000;
  orphan.program.startedBefore -= 500;
  Taken t(orphan, false);
  REQUIRE(t.program().stop().has_value());
  t.s.now().until(t.program(), ProcessState::Stopped);
  CHECK(::kill(t.pid, 0) == 0);
  CHECK_FALSE(t.zombie());
}

TEST_CASE("a process of another account is not taken over") {
  Orphan orphan("p", "exec sleep 1000");
  orphan.config->uid = 12345;
  Bench b;
  state::Incoming incoming;
  const auto refused = b.table.restore(orphan.state(), incoming);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text ==
        "p: cannot take over process " + std::to_string(orphan.program.pid) + ": it belongs to another account");
}

TEST_CASE("a state that cannot be true is refused") {
  Orphan orphan("p", "exec sleep 1000");
  const auto refusal = [&](auto change) {
    auto state = orphan.state();
    change(state);
    Bench b;
    state::Incoming incoming;
    const auto restored = b.table.restore(state, incoming);
    CHECK_FALSE(restored.has_value());
    return restored ? std::string() : restored.error().text;
  };
  CHECK(refusal([](auto& s) { s.programs[0].group = "g"; }) == "the saved state has a program of the unknown group g");
  CHECK(refusal([](auto& s) { s.groups.push_back(s.groups[0]); }) == "the saved state has twice the group p");
  const std::string bad = "p: the saved state has a program twice, or one without a good configuration";
  CHECK(refusal([](auto& s) { s.programs.push_back(s.programs[0]); }) == bad);
  CHECK(refusal([](auto& s) { s.programs[0].name = "q"; }) == bad);
  CHECK(refusal([](auto& s) { s.programs[0].config.emplace().name = "q"; }) == bad);
  CHECK(refusal([](auto& s) {
          s.programs[0].config.emplace().name = "p";
          s.programs[0].config->socket = 3;
        }) == bad);
  CHECK(refusal([](auto& s) { s.programs[0].pid = 0; }) == "p: the saved state RUNNING with pid 0 cannot be");
  CHECK(refusal([](auto& s) { s.programs[0].pid = 1; }) == "p: the saved state RUNNING with pid 1 cannot be");
  CHECK(refusal([](auto& s) { s.programs[0].pid = -5; }) == "p: the saved state RUNNING with pid -5 cannot be");
  CHECK(refusal([](auto& s) {
          s.programs[0].machine.state = ProcessState::Stopped;
          s.programs[0].pid = 5;
        }) == "p: the saved state STOPPED with pid 5 cannot be");
  CHECK(refusal([](auto& s) { s.programs[0].pid = ::getpid(); }).find("is supervisord's or another program's") !=
        std::string::npos);
  CHECK(refusal([](auto& s) { s.programs[0].out.escape = 3; }) ==
        "p: the saved state has no such place in a control sequence: 3");
  CHECK(refusal([](auto& s) {
          s.sharedSockets.push_back({"p", 0, "", 1});
        }) == "the saved state has a shared socket that is not one of group p");
}
