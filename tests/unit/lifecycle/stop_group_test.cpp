// SPDX-License-Identifier: MIT
// A stop whose first process ends before the others of its group do.
#include <signal.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "lib/lifecycle/stop_step.hpp"
#include "tests/unit/lifecycle/bench.hpp"

namespace {

using core::milliseconds;
using core::seconds;
using lifecycle::ProcessState;
using lifecycle::StopStep;
namespace input = lifecycle::input;

constexpr std::array<StopStep, 3> kIntTermKill{
    {{SIGINT, milliseconds(1000)}, {SIGTERM, milliseconds(5000)}, {SIGKILL, milliseconds(20'000)}}};

/// A program that runs, with a stop of its group.
struct StopBench : Bench {
  explicit StopBench(std::span<const StopStep> steps = {}) {
    rules.stopAsGroup = rules.killAsGroup = true;
    rules.stopWait = seconds(7);
    rules.stopSteps = steps;
    run();
  }
  /// Its signals since the last call: "2g" is SIGINT to the group, "9g!" an escalation.
  std::string sent() {
    std::string out;
    for (const auto& one : signals) {
      if (!out.empty()) out += ' ';
      out += std::to_string(one.signal) + (one.group ? "g" : "") + (one.escalated ? "!" : "");
    }
    signals.clear();
    return out;
  }
};

}  // namespace

TEST_CASE("the steps of a stop, and what is behind the last one") {
  lifecycle::Rules rules;
  rules.stopSignal = SIGINT;
  rules.stopWait = seconds(7);
  CHECK(lifecycle::countStopSteps(rules) == 1);
  CHECK(lifecycle::stopStep(rules, 0) == StopStep{SIGINT, seconds(7)});
  CHECK(lifecycle::stopStep(rules, 1) == StopStep{SIGKILL, seconds(7)});
  rules.stopSteps = std::span<const StopStep>(kIntTermKill).first(2);
  CHECK(lifecycle::countStopSteps(rules) == 2);
  CHECK(lifecycle::stopStep(rules, 1) == kIntTermKill[1]);
  CHECK(lifecycle::stopStep(rules, 2) == StopStep{SIGKILL, seconds(7)});
  CHECK(lifecycle::stopStep(rules, 1000) == StopStep{SIGKILL, seconds(7)});
}

TEST_CASE("a sequence continues for the group when its leader has ended") {
  for (const bool killInSequence : {true, false}) {
    CAPTURE(killInSequence);
    StopBench b(std::span<const StopStep>(kIntTermKill).first(killInSequence ? 3 : 2));
    b.feed(input::Stop{});
    CHECK(b.sent() == "2g");
    b.feed(input::LeaderExited{});
    CHECK(b.sent().empty());
    CHECK(b.jump() == seconds(1));
    CHECK(b.sent() == "15g");
    CHECK(b.jump() == seconds(5));
    CHECK(b.sent() == "9g!");
    CHECK(b.jump() == seconds(10));
    CHECK(b.sent().empty());
    CHECK(b.abandoned == 1);
    b.feed(input::Exited{-1});
    CHECK(b.events == "STARTING0 RUNNING STOPPING STOPPED");
  }
}

TEST_CASE("a leader that ends at a later step") {
  StopBench b(kIntTermKill);
  b.feed(input::Stop{});
  b.jump();
  b.now += seconds(2);
  b.feed(input::LeaderExited{});
  CHECK(b.sent() == "2g 15g");
  CHECK(b.jump() == seconds(3));
  CHECK(b.sent() == "9g!");
}

TEST_CASE("a leader that ends after SIGKILL: what is left gets it once more") {
  StopBench b(kIntTermKill);
  b.feed(input::Stop{});
  b.jump();
  b.jump();
  CHECK(b.sent() == "2g 15g 9g!");
  b.feed(input::LeaderExited{});
  CHECK(b.jump() == seconds(20));
  CHECK(b.sent() == "9g!");
  CHECK(b.jump() == seconds(10));
  CHECK(b.abandoned == 1);
}

TEST_CASE("signals for the main process only are left out for those that it left behind") {
  StopBench b(kIntTermKill);
  b.rules.stopAsGroup = false;
  b.feed(input::Stop{});
  b.feed(input::LeaderExited{});
  CHECK(b.sent() == "2");
  CHECK(b.jump() == seconds(1));
  CHECK(b.sent() == "9g!");
}

TEST_CASE("another machine continues the sequence for the group") {
  StopBench b(kIntTermKill);
  b.feed(input::Stop{});
  b.feed(input::LeaderExited{});
  lifecycle::Machine next;
  next.restore(b.machine.save());
  b.machine = next;
  CHECK(b.jump() == seconds(1));
  CHECK(b.sent() == "2g 15g");
}

TEST_CASE("a new start and a new stop begin with the first step") {
  StopBench b(kIntTermKill);
  b.feed(input::Recycle{"sick"});
  b.feed(input::LeaderExited{});
  b.jump();
  b.feed(input::Exited{-1});
  b.jump();
  CHECK(b.machine.state() == ProcessState::Starting);
  CHECK(b.sent() == "2g 15g");
  b.feed(input::Stop{});
  CHECK(b.sent() == "2g");
}

TEST_CASE("a stop continues with the step of what was left behind before") {
  StopBench b(kIntTermKill);
  b.feed(input::Stop{});
  b.feed(input::LeaderExited{input::LeftBehind{1, b.now + seconds(3), false}});
  CHECK(b.sent() == "2g");
  CHECK(b.jump() == seconds(3));
  CHECK(b.sent() == "9g!");
}

TEST_CASE("a stop of what was left behind before, and has got SIGKILL") {
  StopBench b(kIntTermKill);
  b.feed(input::Stop{});
  (void)b.sent();
  b.feed(input::LeaderExited{input::LeftBehind{3, b.now + seconds(8), true}});
  CHECK(b.jump() == seconds(8));
  CHECK(b.sent().empty());
  CHECK(b.abandoned == 1);
}

namespace {

struct CommandBench : StopBench {
  explicit CommandBench(std::span<const StopStep> steps = {}) : StopBench(steps) {
    rules.stopCommand = true;
    rules.stopCommandLimit = seconds(30);
    feed(input::Stop{});
  }
};

}  // namespace

TEST_CASE(
    "what is left when a stop command and the leader have ended gets the stop signal, in whatever order they end") {
  for (const bool succeeded : {true, false})
    for (const bool leaderFirst : {true, false}) {
      if (!succeeded && !leaderFirst) continue;  // the signal is sent already when the leader ends
      CAPTURE(succeeded);
      CAPTURE(leaderFirst);
      CommandBench b;
      const std::vector<lifecycle::Input> ends{input::LeaderExited{}, input::StopCommandEnded{succeeded}};
      b.now += seconds(1);
      b.feed(ends[leaderFirst ? 0 : 1]);
      CHECK(b.sent().empty());
      b.now += seconds(1);
      b.feed(ends[leaderFirst ? 1 : 0]);
      CHECK(b.sent() == "15g");
      CHECK(b.jump() == seconds(7));
      CHECK(b.sent() == "9g!");
      CHECK(b.jump() == seconds(10));
      CHECK(b.abandoned == 1);
    }
}

TEST_CASE("what is left after a stop command gets the whole sequence") {
  CommandBench b(kIntTermKill);
  b.feed(input::LeaderExited{});
  b.feed(input::StopCommandEnded{true});
  CHECK(b.sent() == "2g");
  CHECK(b.jump() == seconds(1));
  CHECK(b.jump() == seconds(5));
  CHECK(b.sent() == "15g 9g!");
}

TEST_CASE("with killasgroup only, what is left after a stop command has stopwaitsecs until SIGKILL") {
  for (const bool succeeded : {true, false})
    for (const bool sequence : {true, false}) {
      CommandBench b(sequence ? std::span<const StopStep>(kIntTermKill) : std::span<const StopStep>());
      b.rules.stopAsGroup = false;
      b.feed(input::LeaderExited{});
      b.feed(input::StopCommandEnded{succeeded});
      CHECK(b.sent().empty());
      CHECK(b.jump() == seconds(7));
      CHECK(b.sent() == "9g!");
    }
}

TEST_CASE("a stop command that is not reported to have ended does not hold up what is left") {
  CommandBench b(kIntTermKill);
  b.feed(input::LeaderExited{});
  CHECK(b.jump() == seconds(37));
  CHECK(b.sent() == "2g");
  b.feed(input::StopCommandEnded{true});  // too late
  CHECK(b.sent().empty());
}
