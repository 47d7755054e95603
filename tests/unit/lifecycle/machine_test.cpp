// SPDX-License-Identifier: MIT
#include <signal.h>

#include "tests/unit/lifecycle/bench.hpp"

namespace {

using core::seconds;
using lifecycle::ProcessState;
namespace input = lifecycle::input;

}  // namespace

TEST_CASE("a program that stays up becomes RUNNING exactly after startsecs") {
  Bench b;
  b.rules.startSeconds = seconds(5);
  b.feed(input::Start{});
  CHECK(b.machine.state() == ProcessState::Starting);
  b.now += seconds(4);
  b.feed(input::Deadline{});
  CHECK(b.machine.state() == ProcessState::Starting);
  CHECK(b.jump() == seconds(1));
  CHECK(b.machine.state() == ProcessState::Running);
  CHECK_FALSE(b.machine.deadline(b.rules).has_value());
  CHECK(b.events == "STARTING0 RUNNING");
}

TEST_CASE("startsecs=0 means RUNNING at the next opportunity") {
  Bench b;
  b.rules.startSeconds = seconds(0);
  b.feed(input::Start{});
  CHECK(b.jump() == seconds(0));
  CHECK(b.events == "STARTING0 RUNNING");
}

TEST_CASE("a program that dies too quickly is retried after 1, 2, 3 seconds and then given up") {
  Bench b;
  b.feed(input::Start{});
  for (int failure = 1; failure <= 3; ++failure) {
    b.feed(input::Exited{0});  // whatever the exit code
    CHECK(b.machine.state() == ProcessState::Backoff);
    CHECK(b.machine.trouble() == "Exited too quickly (process log may have details)");
    CHECK(b.jump() == seconds(failure));
    CHECK(b.machine.trouble().empty());
  }
  b.feed(input::Exited{1});
  CHECK(b.events == "STARTING0 BACKOFF1 STARTING1 BACKOFF2 STARTING2 BACKOFF3 STARTING3 BACKOFF4 FATAL");
  CHECK(b.machine.trouble() == "Exited too quickly (process log may have details)");
  CHECK(b.machine.tries() == 0);
  CHECK_FALSE(b.machine.deadline(b.rules).has_value());
  b.events.clear();
  b.feed(input::Start{});
  CHECK(b.events == "STARTING0");
}

TEST_CASE("a failed spawn has a reason, and an early exit a hint") {
  Bench b;
  b.feed(input::Start{});
  b.feed(input::Exited{127, "couldn't chdir to /x: ENOENT"});
  CHECK(b.machine.state() == ProcessState::Backoff);
  CHECK(b.machine.trouble() == "couldn't chdir to /x: ENOENT");
  b.feed(input::Start{});
  CHECK(b.machine.trouble().empty());
  b.feed(input::Exited{1, "", "a hint"});
  CHECK(b.machine.trouble() == "Exited too quickly (process log may have details); a hint");
}

TEST_CASE("a spawn that fails counts as a failed start") {
  Bench b;
  b.rules.startRetries = 0;
  b.spawnError = "can't find command 'x'";
  b.feed(input::Start{});
  CHECK(b.events == "STARTING0 BACKOFF1 FATAL");
  CHECK(b.machine.trouble() == "can't find command 'x'");
}

TEST_CASE("stopping a program in BACKOFF needs no signal and keeps the count") {
  Bench b;
  b.feed(input::Start{});
  b.feed(input::Exited{1});
  b.feed(input::Stop{});
  CHECK(b.machine.state() == ProcessState::Stopped);
  CHECK(b.signals.empty());
  b.feed(input::Start{});
  CHECK(b.events == "STARTING0 BACKOFF1 STOPPED STARTING1");
}

TEST_CASE("a program that ignores the stop signal is killed again and again") {
  Bench b;
  b.rules.stopSignal = SIGINT;
  b.rules.stopAsGroup = true;
  b.rules.stopWait = seconds(7);
  b.feed(input::Start{});
  b.feed(input::Stop{});
  CHECK(b.machine.stopping());
  CHECK(b.jump() == seconds(7));
  CHECK(b.jump() == seconds(7));
  REQUIRE(b.signals.size() == 3);
  CHECK(b.signals[0].signal == SIGINT);
  CHECK(b.signals[0].group);
  CHECK_FALSE(b.signals[0].escalated);
  CHECK(b.signals[1].signal == SIGKILL);
  CHECK_FALSE(b.signals[1].group);
  CHECK(b.signals[2].escalated);
  b.feed(input::Stop{});
  CHECK(b.signals.size() == 3);
  b.feed(input::Exited{-1});
  CHECK(b.events == "STARTING0 STOPPING STOPPED");
  CHECK(b.machine.exitCode() == -1);
  CHECK_FALSE(b.machine.deadline(b.rules).has_value());
}

TEST_CASE("autorestart follows the exit code and the supervisor's state") {
  const auto restarts = [](lifecycle::Restart restart, int code, bool mayStart) {
    Bench b;
    b.exitCodes = {0, 2};
    b.rules.exitCodes = b.exitCodes;
    b.rules.restart = restart;
    b.rules.startSeconds = seconds(0);
    b.feed(input::Start{});
    b.jump();
    b.rules.mayStart = mayStart;
    b.feed(input::Exited{code});
    CHECK(b.machine.state() == ProcessState::Exited);
    CHECK(b.machine.trouble() == (code == 0 || code == 2 ? "" : "Bad exit code " + std::to_string(code)));
    const bool due = b.machine.deadline(b.rules).has_value();
    if (due) {
      CHECK(b.jump() == seconds(1));
      CHECK(b.machine.state() == ProcessState::Starting);
    }
    return due;
  };
  using lifecycle::Restart;
  CHECK_FALSE(restarts(Restart::Never, 1, true));
  CHECK_FALSE(restarts(Restart::Unexpected, 0, true));
  CHECK_FALSE(restarts(Restart::Unexpected, 2, true));
  CHECK(restarts(Restart::Unexpected, 1, true));
  CHECK(restarts(Restart::Unexpected, -1, true));
  CHECK(restarts(Restart::Always, 0, true));
  CHECK_FALSE(restarts(Restart::Always, 1, false));
}

TEST_CASE("nothing is started during a shutdown, but RUNNING and SIGKILL still happen") {
  Bench b;
  b.feed(input::Start{});
  b.feed(input::Exited{1});
  b.rules.mayStart = false;
  CHECK_FALSE(b.machine.deadline(b.rules).has_value());
  b.now += seconds(10);
  b.feed(input::Deadline{});
  CHECK(b.machine.state() == ProcessState::Backoff);

  Bench c;
  c.feed(input::Start{});
  c.rules.mayStart = false;
  c.jump();
  CHECK(c.machine.state() == ProcessState::Running);
  c.feed(input::Stop{});
  c.jump();
  CHECK(c.signals.back().signal == SIGKILL);
}

TEST_CASE("an exit after startsecs counts as a run, also if the deadline was not handled yet") {
  Bench b;
  b.feed(input::Start{});
  b.now += seconds(1);
  const auto actions = b.machine.on(input::Exited{0}, b.rules, b.now);
  REQUIRE(actions.size() == 2);
  CHECK(actions[0].to == ProcessState::Running);
  CHECK_FALSE(actions[0].announced);
  CHECK(actions[1].to == ProcessState::Exited);
  CHECK(actions[1].expected);
}

TEST_CASE("a program that cannot be signalled is UNKNOWN until it ends") {
  Bench b;
  b.feed(input::Start{});
  b.feed(input::Stop{});
  b.feed(input::SignalFailed{"not permitted"});
  CHECK(b.machine.state() == ProcessState::Unknown);
  CHECK(b.machine.trouble() == "not permitted");
  b.feed(input::Start{});
  CHECK(b.machine.state() == ProcessState::Unknown);
  b.feed(input::Exited{0});
  CHECK(b.machine.state() == ProcessState::Stopped);
}

TEST_CASE("inputs that are not valid in a state change nothing") {
  Bench b;
  b.feed(input::Stop{});
  b.feed(input::Spawned{});
  b.feed(input::SpawnFailed{"x"});
  b.feed(input::Exited{1});
  b.feed(input::Deadline{});
  CHECK(b.events.empty());
  b.feed(input::Start{});
  b.feed(input::Start{});
  CHECK(b.events == "STARTING0");
}

TEST_CASE("a shutdown cancels pending retries without an event") {
  Bench b;
  b.feed(input::GiveUp{});
  CHECK(b.events.empty());
  b.feed(input::Start{});
  b.feed(input::Exited{1});
  const auto actions = b.machine.on(input::GiveUp{}, b.rules, b.now);
  REQUIRE(actions.size() == 1);
  CHECK(actions[0].to == ProcessState::Fatal);
  CHECK_FALSE(actions[0].announced);
  CHECK(b.machine.tries() == 0);
}

TEST_CASE("a program that exits immediately is started again at most once a second") {
  Bench b;
  b.rules.startSeconds = seconds(0);
  b.rules.restart = lifecycle::Restart::Always;
  b.feed(input::Start{});
  b.feed(input::Exited{0});
  CHECK(b.machine.state() == ProcessState::Exited);
  CHECK(b.jump() == seconds(1));
  CHECK(b.jump() == seconds(0));
  CHECK(b.machine.state() == ProcessState::Running);
  b.now += seconds(30);
  b.feed(input::Exited{0});
  CHECK(b.jump() == seconds(0));
  CHECK(b.machine.state() == ProcessState::Starting);
}

namespace {

/// A program that is being stopped as a group and whose leader has just ended.
struct GroupBench : Bench {
  GroupBench() {
    rules.stopWait = seconds(7);
    feed(input::Start{});
    jump();
    feed(input::Stop{});
  }
};

}  // namespace

TEST_CASE("a stop of a process group ends when the group is empty") {
  for (const bool stop : {true, false}) {
    GroupBench b;
    b.rules.stopAsGroup = stop;
    b.rules.killAsGroup = true;
    CHECK(b.machine.awaitsGroup(b.rules));
    b.now += seconds(1);
    b.feed(input::LeaderExited{});
    CHECK(b.machine.state() == ProcessState::Stopping);
    b.feed(input::Exited{3});
    CHECK(b.events == "STARTING0 RUNNING STOPPING STOPPED");
    CHECK(b.machine.exitCode() == 3);
    CHECK_FALSE(b.machine.deadline(b.rules));
    CHECK(b.signals.size() == 1);
  }
}

TEST_CASE("only a stop waits for the group, and only with stopasgroup or killasgroup") {
  Bench b;
  b.rules.killAsGroup = true;
  b.feed(input::Start{});
  b.jump();
  CHECK_FALSE(b.machine.awaitsGroup(b.rules));
  b.feed(input::Stop{});
  CHECK(b.machine.awaitsGroup(b.rules));
  b.rules.killAsGroup = false;
  CHECK_FALSE(b.machine.awaitsGroup(b.rules));
}

TEST_CASE("the rest of a group is killed after stopwaitsecs, and the wait for it is limited") {
  GroupBench b;
  b.rules.killAsGroup = true;
  b.now += seconds(2);
  b.feed(input::LeaderExited{});
  CHECK(b.jump() == seconds(5));  // counted from the stop signal
  REQUIRE(b.signals.size() == 2);
  CHECK(b.signals.back().signal == SIGKILL);
  CHECK(b.signals.back().group);
  CHECK(b.signals.back().escalated);
  CHECK(b.machine.state() == ProcessState::Stopping);
  CHECK(b.jump() == seconds(10));
  CHECK(b.abandoned == 1);
  b.feed(input::Exited{-1});
  CHECK(b.events == "STARTING0 RUNNING STOPPING STOPPED");
  CHECK(b.signals.size() == 2);
}

TEST_CASE("a group that was waited for does not affect the next stop") {
  GroupBench b;
  b.rules.killAsGroup = true;
  b.feed(input::LeaderExited{});
  b.jump();
  b.feed(input::Exited{-1});
  b.feed(input::Start{});
  b.jump();
  b.feed(input::Stop{});
  b.jump();
  CHECK(b.signals.back().signal == SIGKILL);
  b.feed(input::LeaderExited{});
  b.jump();
  CHECK(b.abandoned == 0);
  CHECK(b.machine.state() == ProcessState::Stopping);
}

TEST_CASE("a oneshot program that ends with an expected code has succeeded, however early") {
  Bench bench;
  bench.rules.oneshot = true;
  bench.rules.startSeconds = seconds(5);
  bench.feed(input::Start{});
  bench.feed(input::Exited{0});
  CHECK(bench.events == "STARTING0 RUNNING EXITED");
  CHECK(bench.machine.trouble().empty());
  CHECK_FALSE(bench.machine.deadline(bench.rules).has_value());
}

TEST_CASE("a oneshot program that ends early with another code is tried again, as any program") {
  Bench bench;
  bench.rules.oneshot = true;
  bench.rules.startRetries = 1;
  bench.feed(input::Start{});
  bench.feed(input::Exited{1});
  bench.jump();
  bench.feed(input::Exited{1});
  CHECK(bench.events == "STARTING0 BACKOFF1 STARTING1 BACKOFF2 FATAL");
}
