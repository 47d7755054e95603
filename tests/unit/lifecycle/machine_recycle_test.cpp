// SPDX-License-Identifier: MIT
#include <signal.h>

#include <array>

#include "tests/unit/lifecycle/bench.hpp"

namespace {

using core::seconds;
using lifecycle::ProcessState;
namespace input = lifecycle::input;

}  // namespace

TEST_CASE("a recycled program is stopped gracefully and started again") {
  Bench b;
  b.run();
  b.now += seconds(100);
  b.take();
  b.feed(input::Recycle{"health check failed"});
  CHECK(b.signals.size() == 1);
  CHECK(b.machine.trouble() == "health check failed");
  b.feed(input::Exited{0});
  CHECK(b.take() == "STOPPING STOPPED");
  CHECK(b.machine.trouble() == "health check failed");
  CHECK(b.jump() == seconds(0));
  CHECK(b.take() == "STARTING0");
  CHECK(b.machine.trouble().empty());
  CHECK(b.machine.restarts() == 1);
}

TEST_CASE("a program that is recycled soon after its start is paced as after a short run") {
  Bench b;
  b.paced().delay = seconds(4);
  b.pacing.factor = 2000;
  b.run();
  for (const int wait : {4, 8, 16}) {
    b.feed(input::Recycle{"bad"});
    b.feed(input::Exited{0});
    CHECK(b.jump() == seconds(wait));
    b.jump();
  }
  b.feed(input::Recycle{});  // planned
  b.feed(input::Exited{0});
  CHECK(b.jump() == seconds(0));
}

TEST_CASE("a restart_limit counts recyclings that had a reason, and no planned ones") {
  for (const auto& [why, last] : {std::pair{"bad", ProcessState::Fatal}, std::pair{"", ProcessState::Starting}}) {
    Bench b;
    b.paced().limit = 2;
    b.pacing.limitWindow = seconds(1000);
    for (b.run(); b.machine.restarts() < 2; b.jump()) {
      b.feed(input::Recycle{why});
      b.feed(input::Exited{0});
      b.jump();
    }
    b.feed(input::Recycle{why});
    b.feed(input::Exited{0});
    b.jump();
    CHECK(b.machine.state() == last);
    if (last == ProcessState::Fatal)
      CHECK(b.machine.trouble() == "bad; restarted 2 times in 1000 seconds (restart_limit)");
  }
}

TEST_CASE("a request to stop prevails over a recycling, before and after the end of the process") {
  Bench b;
  b.run();
  b.paced();
  b.feed(input::Recycle{"bad"});
  b.feed(input::Stop{});
  b.feed(input::Exited{0});
  CHECK(b.machine.state() == ProcessState::Stopped);
  CHECK(b.machine.trouble().empty());
  CHECK_FALSE(b.machine.deadline(b.rules));

  b.run();
  b.feed(input::Recycle{"bad"});
  b.feed(input::Exited{0});
  CHECK(b.machine.nextStart(b.rules));
  b.feed(input::Stop{});
  CHECK_FALSE(b.machine.nextStart(b.rules));
}

TEST_CASE("a shutdown prevails over a recycling") {
  Bench b;
  b.run();
  b.feed(input::Recycle{"bad"});
  b.feed(input::GiveUp{});
  b.feed(input::Exited{0});
  CHECK_FALSE(b.machine.deadline(b.rules));
  Bench c;
  c.run();
  c.feed(input::Recycle{"bad"});
  c.rules.mayStart = false;
  c.feed(input::Exited{0});
  CHECK_FALSE(c.machine.deadline(c.rules));
}

TEST_CASE("a recycling without a restart ends STOPPED with the reason") {
  Bench b;
  b.run();
  b.feed(input::Recycle{"too old", false});
  b.feed(input::Exited{0});
  CHECK(b.machine.state() == ProcessState::Stopped);
  CHECK(b.machine.trouble() == "too old");
  CHECK_FALSE(b.machine.deadline(b.rules));
}

TEST_CASE("a program that is recycled while it starts has failed to start") {
  Bench b;
  b.feed(input::Start{});
  b.feed(input::Recycle{"bad"});
  b.feed(input::Exited{0});
  CHECK(b.events == "STARTING0 STOPPING BACKOFF1");
  CHECK(b.machine.trouble() == "bad");
  b.feed(input::Recycle{"ignored"});
  CHECK(b.machine.state() == ProcessState::Backoff);
}

TEST_CASE("with readiness a program is RUNNING when it is ready, and not after startsecs") {
  Bench b;
  b.rules.awaitReady = true;
  b.rules.readyTimeout = seconds(30);
  b.feed(input::Start{});
  b.now += seconds(20);
  b.feed(input::Deadline{});
  CHECK(b.machine.state() == ProcessState::Starting);
  b.feed(input::Ready{});
  CHECK(b.events == "STARTING0 RUNNING");
  b.feed(input::Ready{});
  CHECK(b.events == "STARTING0 RUNNING");
}

TEST_CASE("what is known of a program that is not ready in time is part of the reason") {
  Bench b;
  b.rules.awaitReady = true;
  b.rules.readyTimeout = seconds(30);
  b.feed(input::Start{});
  b.now += seconds(30);
  b.feed(input::Deadline{": refused"});
  CHECK(b.machine.trouble() == "not ready after 30 seconds: refused");
}

TEST_CASE("a program that is not ready in time is stopped, and has failed to start") {
  Bench b;
  b.rules.awaitReady = true;
  b.rules.readyTimeout = seconds(30);
  b.rules.startRetries = 0;
  b.feed(input::Start{});
  CHECK(b.jump() == seconds(30));
  CHECK(b.machine.state() == ProcessState::Stopping);
  CHECK(b.signals.size() == 1);
  b.feed(input::Exited{0});
  CHECK(b.events == "STARTING0 STOPPING BACKOFF1 FATAL");
  CHECK(b.machine.trouble() == "not ready after 30 seconds");
}

TEST_CASE("the time for a start changes while the program starts") {
  Bench b;
  b.rules.awaitReady = true;
  b.feed(input::Start{});
  const auto begin = b.now;
  const auto change = [&](seconds timeout) {
    b.machine.startLimitChanged(timeout - b.rules.startLimit());
    b.rules.readyTimeout = timeout;
  };
  CHECK_FALSE(b.machine.deadline(b.rules));
  b.now += seconds(5);
  change(seconds(30));
  CHECK(b.machine.deadline(b.rules) == begin + seconds(30));
  b.feed(input::Extend{begin + seconds(90)});
  change(seconds(20));
  CHECK(b.machine.deadline(b.rules) == begin + seconds(80));
  b.machine.startLimitChanged(seconds(1) - b.rules.startLimit());  // of startsecs
  b.rules.awaitReady = false;
  b.rules.startSeconds = seconds(1);
  CHECK(b.machine.deadline(b.rules) == begin + seconds(61));
  b.machine.startLimitChanged(seconds(20) - b.rules.startLimit());
  b.rules.awaitReady = true;
  b.feed(input::Ready{});
  change(seconds(10));
  CHECK_FALSE(b.machine.deadline(b.rules));
}

TEST_CASE("an exit before readiness is a failed start, however late") {
  Bench b;
  b.rules.awaitReady = true;
  b.feed(input::Start{});
  CHECK_FALSE(b.machine.deadline(b.rules));  // no ready_timeout
  b.now += seconds(5000);
  b.feed(input::Exited{0});
  CHECK(b.events == "STARTING0 BACKOFF1");
}

TEST_CASE("a program may ask for more time for its start and its stop, but not for less") {
  Bench b;
  b.rules.awaitReady = true;
  b.rules.readyTimeout = seconds(30);
  b.feed(input::Start{});
  b.feed(input::Extend{b.now + seconds(10)});
  CHECK(b.machine.deadline(b.rules) == b.now + seconds(30));
  b.feed(input::Extend{b.now + seconds(90)});
  CHECK(b.machine.deadline(b.rules) == b.now + seconds(90));
  b.feed(input::Stop{});
  CHECK(b.machine.deadline(b.rules) == b.now + seconds(10));
  b.feed(input::Extend{b.now + seconds(50)});
  CHECK(b.machine.deadline(b.rules) == b.now + seconds(50));
}

TEST_CASE("the signals of a stop follow each other, and SIGKILL the last one") {
  const std::array<lifecycle::StopStep, 2> steps{{{SIGTERM, seconds(10)}, {SIGINT, seconds(5)}}};
  Bench b;
  b.rules.stopSteps = steps;
  b.rules.stopWait = seconds(3);
  b.run();
  b.feed(input::Stop{});
  CHECK(b.jump() == seconds(10));
  CHECK(b.jump() == seconds(5));
  CHECK(b.jump() == seconds(3));
  REQUIRE(b.signals.size() == 4);
  CHECK(b.signals[0].signal == SIGTERM);
  CHECK(b.signals[1].signal == SIGINT);
  CHECK_FALSE(b.signals[1].escalated);
  CHECK(b.signals[2].signal == SIGKILL);
  CHECK(b.signals[2].escalated);
  CHECK(b.signals[3].signal == SIGKILL);
}

TEST_CASE("a stop command replaces the first signal; one that fails is followed by it") {
  Bench b;
  b.rules.stopCommand = true;
  b.rules.stopCommandLimit = seconds(20);
  b.rules.stopWait = seconds(7);
  b.run();
  b.feed(input::Stop{});
  CHECK(b.stopCommands == 1);
  CHECK(b.signals.empty());
  CHECK(b.machine.deadline(b.rules) == b.now + seconds(27));
  b.feed(input::StopCommandEnded{false});
  REQUIRE(b.signals.size() == 1);
  CHECK(b.signals[0].signal == SIGTERM);
  b.feed(input::StopCommandEnded{false});  // too late
  CHECK(b.signals.size() == 1);
  CHECK(b.jump() == seconds(7));
  CHECK(b.signals.back().signal == SIGKILL);
}

TEST_CASE("a stop command that ends after SIGKILL has no effect") {
  Bench b;
  b.rules.stopCommand = true;
  b.run();
  b.feed(input::Stop{});
  b.jump();
  CHECK(b.signals.back().signal == SIGKILL);
  b.feed(input::StopCommandEnded{false});
  CHECK(b.signals.size() == 1);
}

TEST_CASE("a program that outlives its stop command gets SIGKILL, or the signals that are configured") {
  const std::array<lifecycle::StopStep, 2> steps{{{SIGQUIT, seconds(4)}, {SIGINT, seconds(5)}}};
  for (const bool stepped : {false, true}) {
    Bench b;
    b.rules.stopCommand = true;
    b.rules.stopWait = seconds(7);
    if (stepped) b.rules.stopSteps = steps;
    b.run();
    b.feed(input::Stop{});
    b.now += seconds(1);
    b.feed(input::StopCommandEnded{true});
    CHECK(b.jump() == seconds(7));
    CHECK(b.signals.back().signal == (stepped ? SIGQUIT : SIGKILL));
    if (stepped) CHECK(b.jump() == seconds(4));
    CHECK(b.signals.back().signal == (stepped ? SIGINT : SIGKILL));
  }
}

TEST_CASE("a start is cancelled while commands run before it") {
  Bench b;
  b.prepares = true;
  b.rules.stopCommand = true;
  b.feed(input::Start{});
  CHECK(b.machine.preparing());
  CHECK_FALSE(b.machine.deadline(b.rules));
  b.feed(input::Ready{});
  CHECK(b.machine.state() == ProcessState::Starting);
  b.feed(input::Stop{});
  CHECK(b.cancelled == 1);
  CHECK(b.stopCommands == 0);
  CHECK(b.signals.empty());
  b.feed(input::Exited{-1});
  CHECK(b.events == "STARTING0 STOPPING STOPPED");
  CHECK_FALSE(b.machine.preparing());
}

TEST_CASE("a command before the program that fails is a failed start") {
  Bench b;
  b.prepares = true;
  b.feed(input::Start{});
  b.feed(input::SpawnFailed{"exec_start_pre failed"});
  CHECK(b.events == "STARTING0 BACKOFF1");
  CHECK_FALSE(b.machine.preparing());
  CHECK(b.machine.trouble() == "exec_start_pre failed");
}
