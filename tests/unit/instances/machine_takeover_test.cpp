// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <signal.h>

#include <vector>

#include "daemon/instances/machine.hpp"

using namespace instances;
using Phase = Machine::Phase;
using Action = Machine::Action;
using core::seconds;

namespace {

constexpr Exit kKilled{Exit::Kind::Signal, SIGKILL};
constexpr Exit kFault{Exit::Kind::Signal, SIGSEGV};
constexpr Exit kRefusal{Exit::Kind::Code, kCannotTakeOver};

/// A machine and a clock that only the test moves.
struct Crashes {
  Machine machine{Rules{}};
  core::Instant now{seconds(10'000)};

  Crashes() {
    REQUIRE(machine.start(now) == Action::Prepare);
    REQUIRE(machine.prepared(now) == Action::Spawn);
    begin();
  }
  /// The copy that is being spawned begins, gets ready and runs for `time`.
  void begin(core::Duration time = seconds(100)) {
    REQUIRE(machine.phase() == Phase::Spawning);
    REQUIRE(machine.spawned(now) == Action::None);
    machine.ready(now);
    REQUIRE(machine.phase() == Phase::Running);
    now += time;
  }
  Action crash(const Exit& exit = kKilled) { return machine.exited(exit, "", now, true); }
  Action jump() {
    REQUIRE(machine.deadline());
    now = *machine.deadline();
    return machine.expire(now);
  }
  /// The takeover that was asked for fails before it is ready.
  Action failTakeover(const Exit& exit = kFault) {
    REQUIRE(machine.spawned(now) == Action::None);
    return crash(exit);
  }
};

}  // namespace

TEST_CASE("a crash whose programs live on is answered without delay, with nothing cleared or prepared") {
  Crashes f;
  CHECK(f.crash() == Action::TakeOver);
  CHECK(f.machine.phase() == Phase::Spawning);
  CHECK(f.machine.wanted());
  CHECK(f.machine.crash() == "signal 9");
  CHECK(f.machine.restarts() == 1);
  CHECK(f.machine.takeovers() == 0);  // not yet
  CHECK(f.machine.spawned(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Starting);
  f.machine.ready(f.now);
  CHECK(f.machine.phase() == Phase::Running);
  CHECK(f.machine.takeovers() == 1);
  CHECK(f.machine.result() == RunResult::Signal);
  CHECK(f.machine.reason() == "took over its programs after a crash (signal 9)");
  f.machine.tookOver(1);
  CHECK(f.machine.reason() == "took over 1 program after a crash (signal 9)");
  f.machine.tookOver(50);
  CHECK(f.machine.reason() == "took over 50 programs after a crash (signal 9)");
}

TEST_CASE("which ends are crashes that are taken over") {
  struct Case {
    Exit exit;
    bool kept;
    bool running;
    Action action;
  };
  const std::vector<Case> table{
      {kKilled, true, true, Action::TakeOver},
      {kKilled, true, false, Action::TakeOver},
      {kKilled, false, true, Action::Clear},
      {{Exit::Kind::Code, 3}, true, true, Action::TakeOver},
      {{Exit::Kind::Code, 3}, true, false, Action::TakeOver},
      {{Exit::Kind::Code, 3}, false, true, Action::Clear},
      {{Exit::Kind::Code, 0}, true, true, Action::Clear},   // an orderly end
      {{Exit::Kind::Code, 0}, true, false, Action::Clear},  // as well
      {kRefusal, true, true, Action::TakeOver},             // it was not asked to take over
      {{}, true, true, Action::TakeOver},                   // no child of ours, and it announced no end
      {{}, false, true, Action::Clear},
  };
  for (const auto& one : table) {
    CAPTURE(static_cast<int>(one.exit.kind));
    CAPTURE(one.exit.value);
    CAPTURE(one.kept);
    CAPTURE(one.running);
    Machine machine{Rules{}};
    const core::Instant now{seconds(10'000)};
    machine.start(now);
    machine.prepared(now);
    machine.spawned(now);
    if (one.running) machine.ready(now);
    CHECK(machine.exited(one.exit, "", now, one.kept) == one.action);
  }
}

TEST_CASE("an end that was asked for is not a crash") {
  for (const bool restart : {false, true}) {
    Crashes f;
    CHECK((restart ? f.machine.restart(f.now) : f.machine.stop(f.now)) == Action::Terminate);
    CHECK(f.crash() == Action::Clear);
    CHECK(f.machine.cleared(f.now) == (restart ? Action::Prepare : Action::None));
  }
  Crashes f;
  f.machine.release();
  CHECK(f.crash() == Action::Clear);
  CHECK(f.machine.cleared(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Inactive);
}

TEST_CASE("a second crash within ten minutes waits for the usual delay, one after that does not") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  f.begin();
  CHECK(f.crash() == Action::None);
  CHECK(f.machine.phase() == Phase::Waiting);
  CHECK(f.machine.reason() == "was killed by signal 9 (KILL)");
  CHECK(*f.machine.deadline() - f.now == seconds(1));
  CHECK(f.jump() == Action::TakeOver);
  CHECK(f.machine.restarts() == 2);
  f.begin(seconds(2));
  CHECK(f.crash(kFault) == Action::None);
  CHECK(*f.machine.deadline() - f.now == seconds(2));  // quick ends count
  CHECK(f.jump() == Action::TakeOver);
  f.begin(seconds(600));
  CHECK(f.crash() == Action::TakeOver);
  CHECK(f.machine.takeovers() == 3);
}

TEST_CASE("three takeovers in a row that fail end the programs, and everything starts again") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  CHECK(f.failTakeover() == Action::None);
  CHECK(f.jump() == Action::TakeOver);
  CHECK(f.failTakeover() == Action::None);
  CHECK(f.jump() == Action::TakeOver);
  CHECK(f.failTakeover() == Action::Clear);
  CHECK(f.machine.phase() == Phase::Clearing);
  CHECK(f.machine.reason() ==
        "could not take over its programs, which were ended; the last time it was killed by signal 11 (SEGV) before "
        "it was ready");
  CHECK(f.machine.cleared(f.now) == Action::Prepare);  // without delay
  CHECK(f.machine.prepared(f.now) == Action::Spawn);
  f.begin(seconds(1));
  CHECK(f.machine.takeovers() == 0);
  // From now on as if nothing were kept: in the end it has failed.
  for (int i = 0; i < 4; ++i) {
    CHECK(f.crash(kFault) == Action::Clear);
    CHECK(f.machine.cleared(f.now) == Action::None);
    CHECK(f.jump() == Action::Prepare);
    CHECK(f.machine.prepared(f.now) == Action::Spawn);
    f.begin(seconds(1));
  }
  CHECK(f.crash(kFault) == Action::Clear);
  CHECK(f.machine.cleared(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Failed);
}

TEST_CASE("a takeover in between that succeeds begins a new count of failed ones") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  for (int i = 0; i < 5; ++i) {
    CHECK(f.failTakeover() == Action::None);
    CHECK(f.jump() == Action::TakeOver);
    CHECK(f.failTakeover() == Action::None);
    CHECK(f.jump() == Action::TakeOver);
    f.begin();
    CHECK(f.crash() == Action::None);
    CHECK(f.jump() == Action::TakeOver);
  }
}

TEST_CASE(
    "a copy that cannot take over is replaced by one that starts everything, without delay; takeovers are back after a "
    "while") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  CHECK(f.failTakeover(kRefusal) == Action::Clear);
  CHECK(f.machine.reason() ==
        "could not take over its programs, which were ended; the last time it exited with status 7 before it was "
        "ready");
  CHECK(f.machine.cleared(f.now) == Action::Prepare);
  CHECK(f.machine.prepared(f.now) == Action::Spawn);
  f.begin(seconds(5));
  CHECK(f.crash() == Action::Clear);
  CHECK(f.machine.cleared(f.now) == Action::None);
  CHECK(f.jump() == Action::Prepare);
  CHECK(f.machine.prepared(f.now) == Action::Spawn);
  f.begin(seconds(700));
  CHECK(f.crash() == Action::TakeOver);
}

TEST_CASE("an instance that crashes soon after each takeover loses its programs before it has failed") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  for (int i = 0; i < 3; ++i) {
    f.begin(seconds(1));
    CHECK(f.crash(kFault) == Action::None);
    CHECK(f.jump() == Action::TakeOver);
  }
  f.begin(seconds(1));
  CHECK(f.crash(kFault) == Action::Clear);
  CHECK(f.machine.wanted());
  CHECK(f.machine.cleared(f.now) == Action::Prepare);
}

TEST_CASE("an instance that is killed soon after each takeover keeps its programs, with the shortest delay") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  for (int i = 0; i < 200; ++i) {
    if (i % 3 == 0) {
      CHECK(f.failTakeover(kKilled) == Action::None);  // sometimes before it is ready
      CHECK(*f.machine.deadline() - f.now == seconds(1));
      CHECK(f.jump() == Action::TakeOver);
    }
    f.begin(core::milliseconds(100));
    CHECK(f.crash() == Action::None);
    CHECK(*f.machine.deadline() - f.now == seconds(1));
    CHECK(f.jump() == Action::TakeOver);
  }
  for (int i = 0; i < 8; ++i) {
    CHECK(f.failTakeover(kKilled) == Action::None);
    CHECK(f.jump() == Action::TakeOver);
  }
  CHECK(f.failTakeover(kKilled) == Action::Clear);
}

TEST_CASE("a stop while programs wait for a takeover ends them, also before the copy is spawned") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  f.begin();
  REQUIRE(f.crash() == Action::None);
  CHECK(f.machine.stop(f.now) == Action::Clear);
  CHECK(f.machine.cleared(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Inactive);
  CHECK_FALSE(f.machine.deadline());

  Crashes g;
  REQUIRE(g.crash() == Action::TakeOver);
  CHECK(g.machine.stop(g.now) == Action::None);
  CHECK(g.machine.spawned(g.now) == Action::Terminate);
  CHECK(g.crash() == Action::Clear);
  CHECK(g.machine.cleared(g.now) == Action::None);
  CHECK(g.machine.phase() == Phase::Inactive);

  Crashes h;
  REQUIRE(h.crash() == Action::TakeOver);
  CHECK(h.machine.stop(h.now) == Action::None);
  CHECK(h.machine.spawnFailed("could not be started", h.now) == Action::Clear);
  CHECK(h.machine.cleared(h.now) == Action::None);
  CHECK(h.machine.phase() == Phase::Inactive);
}

TEST_CASE("a start does not wait for the delay of a takeover, a restart ends the programs first") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  f.begin();
  REQUIRE(f.crash() == Action::None);
  CHECK(f.machine.start(f.now) == Action::TakeOver);
  f.begin();
  CHECK(f.machine.takeovers() == 2);

  Crashes g;
  REQUIRE(g.crash() == Action::TakeOver);
  g.begin();
  REQUIRE(g.crash() == Action::None);
  CHECK(g.machine.restart(g.now) == Action::Clear);
  CHECK(g.machine.cleared(g.now) == Action::Prepare);

  Crashes h;
  REQUIRE(h.crash() == Action::TakeOver);
  CHECK(h.machine.restart(h.now) == Action::None);
  CHECK(h.machine.spawnFailed("could not be started", h.now) == Action::Prepare);  // which ends what runs
}

TEST_CASE("a takeover that cannot be spawned is a failed takeover") {
  Crashes f;
  REQUIRE(f.crash() == Action::TakeOver);
  for (int i = 0; i < 2; ++i) {
    CHECK(f.machine.spawnFailed("could not be started: no memory", f.now) == Action::None);
    CHECK(f.machine.phase() == Phase::Waiting);
    CHECK(f.jump() == Action::TakeOver);
  }
  CHECK(f.machine.spawnFailed("could not be started: no memory", f.now) == Action::Clear);
  CHECK(f.machine.cleared(f.now) == Action::Prepare);
}

TEST_CASE("a copy that died while no manager looked is taken over") {
  Machine machine{Rules{}};
  const core::Instant now{seconds(10'000)};
  CHECK(machine.takeOver(now) == Action::TakeOver);
  CHECK(machine.wanted());
  CHECK(machine.crash() == "cause unknown");
  machine.spawned(now);
  machine.ready(now);
  CHECK(machine.reason() == "took over its programs after a crash (cause unknown)");
}

TEST_CASE("the counts go from one manager to the next, and are zero after a start by a person") {
  Crashes f;
  f.machine.setTakeovers(4, f.now - seconds(60));
  CHECK(f.crash() == Action::None);  // not the first crash for a while
  CHECK(f.jump() == Action::TakeOver);
  f.begin();
  CHECK(f.machine.takeovers() == 5);
  CHECK(f.machine.lastCrash());
  f.machine.stop(f.now);
  f.machine.exited({Exit::Kind::Code, 0}, "", f.now);
  f.machine.cleared(f.now);
  f.machine.start(f.now);
  CHECK(f.machine.takeovers() == 0);
}
