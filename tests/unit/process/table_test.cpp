// SPDX-License-Identifier: MIT
#include "instance/process/table.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/process/bench.hpp"

using lifecycle::ProcessState;

TEST_CASE("groups are in ascending priority, equal ones as they came, and are found by name") {
  Bench b;
  b.add("c", {}, 5);
  b.add("a", {}, 5);
  b.add("b", {}, 1);
  std::string order;
  for (const auto& group : b.table.groups()) order += group->name();
  CHECK(order == "bca");
  CHECK(b.table.find("a") == b.table.groups()[2].get());
  CHECK(b.table.find("d") == nullptr);
  const auto again = std::make_shared<config::GroupConfig>();
  again->name = "a";
  CHECK_FALSE(b.table.add(again).has_value());
}

TEST_CASE("begin starts programs with autostart, in order, after the report that the supervisor runs") {
  Bench b;
  auto first = Bench::shell("z", "exec sleep 1000");
  auto manual = Bench::shell("m", "exec sleep 1000");
  auto second = Bench::shell("y", "exec sleep 1000");
  first->autoStart = second->autoStart = true;
  b.add("late", {second}, 2);
  b.add("early", {first, manual}, 1);
  b.table.begin();
  CHECK(b.events == "+late +early RUNNING z:STARTING y:STARTING ");
  b.until(*b.table.find("late", "y"), ProcessState::Running);
  CHECK(b.events.ends_with(" z:RUNNING y:RUNNING "));
  b.table.leave(process::SupervisorState::Shutdown);
  b.until([&] { return b.down; });
}

TEST_CASE("the shutdown is one group after the other, last group first, all programs of a group together") {
  Bench b;
  auto low = Bench::shell("low", "exec sleep 1000");
  auto high = Bench::shell("high", "exec sleep 1000");
  low->priority = 1;
  auto retrying = Bench::shell("retrying", "");
  retrying->command = "/no/such";
  b.add("one", {Bench::shell("p", "exec sleep 1000")}, 1);
  b.add("two", {low, high}, 2);
  b.add("three", {retrying}, 3);
  for (const auto& group : b.table.groups())
    for (const auto& program : group->processes()) program->start();
  CHECK(b.table.find("three", "retrying")->state() == ProcessState::Backoff);
  b.events.clear();
  b.table.leave(process::SupervisorState::Restarting);
  CHECK(b.table.supervisorState() == process::SupervisorState::Restarting);
  CHECK(b.events == "RESTARTING ");  // nothing stops before the loop turns
  b.table.leave(process::SupervisorState::Shutdown);
  CHECK(b.table.supervisorState() == process::SupervisorState::Shutdown);
  b.table.leave(process::SupervisorState::Restarting);
  CHECK(b.table.supervisorState() == process::SupervisorState::Shutdown);
  b.until([&] { return b.down; });
  CHECK(b.events.starts_with("RESTARTING SHUTDOWN retrying:FATAL high:STOPPING low:STOPPING "));
  CHECK(b.events.ends_with("p:STOPPING p:STOPPED "));
  CHECK(b.log().find("gave up") == std::string::npos);
  CHECK(b.events.find("low:STOPPED") < b.events.find("p:STOPPING"));
  CHECK(b.events.find("high:STOPPED") < b.events.find("p:STOPPING"));
}

TEST_CASE("an empty table is down immediately") {
  Bench b;
  b.table.leave(process::SupervisorState::Shutdown);
  b.until([&] { return b.down; });
}

TEST_CASE("settings that are applied count for what is started next") {
  Bench b;
  auto& program = b.add(Bench::shell("p", "echo $SUPERVISOR_SERVER_URL; exit 0"));
  program.start();
  b.until(program, ProcessState::Exited);
  auto settings = b.table.settings();
  settings.serverUrl = "unix:///y.sock";
  settings.identifier = "other";
  b.table.apply(settings);
  CHECK(b.table.settings().identifier == "other");
  program.start();
  b.until(program, ProcessState::Exited);
  CHECK(Bench::read(program.logPath(process::Channel::Stdout)) == "unix:///x.sock\nunix:///y.sock\n");
  auto& later = b.add(Bench::shell("later", "exit 0"));
  CHECK(later.logPath(process::Channel::Stdout).find("/later-stdout---other-") != std::string::npos);
}

TEST_CASE("a group is removed only when it is stopped, and an observer may do it") {
  Bench b;
  auto& group = b.add("g", {Bench::shell("p", "exec sleep 1000")});
  auto& program = *group.processes().front();
  program.start();
  CHECK_FALSE(b.table.remove(group));
  b.whenChanged = [&](process::Process& p, const process::StateChange& change) {
    if (change.to == ProcessState::Stopped) CHECK(b.table.remove(p.group()));
  };
  (void)program.stop();
  b.until([&] { return b.table.find("g") == nullptr; });
  CHECK(b.events.ends_with("p:STOPPED -g "));
  b.add("g", {});
  CHECK(b.events.ends_with("+g "));
}

TEST_CASE("programs are added to a running group and removed from it") {
  Bench b;
  auto& group = b.add("g", {Bench::shell("b", "exit 0")});
  CHECK(group.add(Bench::shell("b", "exit 1")) == nullptr);
  auto* const added = group.add(Bench::shell("a", "exit 0"));
  REQUIRE(added != nullptr);
  CHECK(group.find("a") == added);
  CHECK(group.processes().back().get() == added);
  group.remove(*group.find("b"));
  CHECK(group.find("b") == nullptr);
  CHECK(group.find("a") == added);
  CHECK(b.events == "+g -:b ");
}

TEST_CASE("an observer may start and stop programs during a report; all observers get reports in order") {
  Bench b;
  auto& first = b.add(Bench::shell("first", "exec sleep 1000"));
  auto& second = b.add(Bench::shell("second", "exec sleep 1000"));
  b.whenChanged = [&](process::Process& p, const process::StateChange& change) {
    if (&p == &first && change.to == ProcessState::Starting) second.start();
  };
  b.events.clear();
  first.start();
  CHECK(b.events == "first:STARTING second:STARTING ");
  b.table.leave(process::SupervisorState::Shutdown);
  b.until([&] { return b.down; });
}

TEST_CASE("orphans that become our children are reaped") {
  REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  Bench b;
  auto& program = b.add(Bench::shell("p", "(sleep 0.01; exit 7) & echo $!; exit 0"));
  program.start();
  b.until([&] { return b.log().find("reaped unknown pid") != std::string::npos; });
  b.until(program, ProcessState::Exited);
  const auto orphan = Bench::read(program.logPath(process::Channel::Stdout));
  CHECK(b.log().find("INFO reaped unknown pid " + orphan.substr(0, orphan.size() - 1) + " (exit status 7)\n") !=
        std::string::npos);
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_CASE("the members of an fcgi-program share one socket as standard input") {
  Bench b;
  auto config = std::make_shared<config::GroupConfig>();
  config->name = "web";
  config->kind = config::GroupConfig::Kind::Fcgi;
  for (const auto* name : {"one", "two"}) {
    auto program = Bench::shell(name, "readlink /proc/self/fd/0; exec sleep 1000");
    program->socket = 0;
    config->processes.push_back(std::move(program));
  }
  auto& socket = config->sockets.emplace_back();
  socket.path = b.directory() + "/web.sock";
  socket.url = "unix://" + socket.path;
  socket.mode = 0710;
  auto& group = **b.table.add(config);
  std::string seen[2];
  for (int i = 0; i < 2; ++i) {
    auto& program = *group.processes()[static_cast<std::size_t>(i)];
    program.start();
    b.until([&] { return !(seen[i] = Bench::read(program.logPath(process::Channel::Stdout))).empty(); });
    CHECK(program.writeStdin("x").error() == process::StdinError::Closed);
  }
  CHECK(seen[0].starts_with("socket:["));
  CHECK(seen[0] == seen[1]);
  struct stat facts {};
  REQUIRE(::stat(socket.path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0710);
  b.table.leave(process::SupervisorState::Shutdown);
  b.until([&] { return b.down; });
  CHECK(b.log().find("Closing socket unix://") != std::string::npos);

  auto wrong = std::make_shared<config::GroupConfig>(*config);
  wrong->name = "other";
  wrong->sockets.front().path = b.directory() + "/none/web.sock";
  const auto refused = b.table.add(wrong);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().text.find("Could not create FastCGI socket") != std::string::npos);
}

TEST_CASE("in a group each fcgi-program has its own socket, and plain programs have pipes") {
  Bench b;
  auto config = std::make_shared<config::GroupConfig>();
  config->name = "g";
  config->sockets.resize(2);
  config->sockets[0].path = b.directory() + "/a.sock";
  config->sockets[0].url = "unix://a";
  config->sockets[1].host = "127.0.0.1";  // port 0: any that is free
  config->sockets[1].url = "tcp://any";
  for (int socket = -1; socket < 2; ++socket) {
    auto program = Bench::shell("p" + std::to_string(socket + 1), "readlink /proc/self/fd/0; exec sleep 1000");
    program->socket = socket;
    config->processes.push_back(std::move(program));
  }
  auto& group = **b.table.add(config);
  std::string seen[3];
  for (std::size_t i = 0; i < 3; ++i) {
    auto& program = *group.processes()[i];
    program.start();
    b.until([&] { return !(seen[i] = Bench::read(program.logPath(process::Channel::Stdout))).empty(); });
  }
  CHECK(seen[0].starts_with("pipe:["));
  CHECK(seen[1].starts_with("socket:["));
  CHECK(seen[2].starts_with("socket:["));
  CHECK(seen[1] != seen[2]);
  (void)group.processes()[2]->stop();
  b.until([&] { return b.log().find("Closing socket tcp://any") != std::string::npos; });
  CHECK(b.log().find("Closing socket unix://a") == std::string::npos);
  b.table.leave(process::SupervisorState::Shutdown);
  b.until([&] { return b.down; });
  CHECK(b.log().find("Closing socket unix://a") != std::string::npos);
}

TEST_CASE("an end can be noticed before the loop handles it") {
  Bench b;
  auto& program = b.add(Bench::shell("p", "echo last words; exit 3"));
  b.table.noticeEnds();
  program.start();
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(program.pid()), &info, WEXITED | WNOWAIT) == 0);
  CHECK(program.pid() != 0);
  b.table.noticeEnds();
  CHECK(program.state() == lifecycle::ProcessState::Exited);
  CHECK(program.exitStatus() == 3);
  CHECK(Bench::read(program.logPath(process::Channel::Stdout)) == "last words\n");
  b.table.noticeEnds();
  b.loop.step(core::milliseconds(0));  // the signal itself, with nothing left to reap
  CHECK(program.state() == lifecycle::ProcessState::Exited);
}
