// SPDX-License-Identifier: MIT
#include "daemon/instances/machine.hpp"

#include <doctest/doctest.h>
#include <signal.h>

using namespace instances;
using Phase = Machine::Phase;
using Action = Machine::Action;
using core::seconds;

namespace {

/// A machine and a clock that only the test moves.
struct Fixture {
  Machine machine{Rules{}};
  core::Instant now{seconds(1000)};

  void run() {
    REQUIRE(machine.start(now) == Action::Prepare);
    REQUIRE(machine.prepared(now) == Action::Spawn);
    machine.spawned(now);
    machine.ready(now);
    REQUIRE(machine.phase() == Phase::Running);
  }
  Action jump() {
    REQUIRE(machine.deadline());
    now = *machine.deadline();
    return machine.expire(now);
  }
  /// Dies immediately after a start that has begun with Prepare.
  void dieEarly() {
    REQUIRE(machine.prepared(now) == Action::Spawn);
    machine.spawned(now);
    REQUIRE(machine.exited({Exit::Kind::Code, 2}, "Error: no file", now) == Action::Clear);
    REQUIRE(machine.cleared(now) == Action::None);
  }
};

}  // namespace

TEST_CASE("start, ready, stop") {
  Fixture f;
  f.run();
  CHECK(f.machine.wanted());
  CHECK(f.machine.start(f.now) == Action::None);
  CHECK(f.machine.stop(f.now) == Action::Terminate);
  CHECK(f.machine.phase() == Phase::Stopping);
  CHECK(f.machine.exited({Exit::Kind::Code, 0}, "", f.now) == Action::Clear);
  CHECK(f.machine.cleared(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Inactive);
  CHECK(f.machine.result() == RunResult::Success);
}

TEST_CASE("a stop or restart during the spawn takes effect when the process exists") {
  Fixture f;
  f.machine.start(f.now);
  REQUIRE(f.machine.prepared(f.now) == Action::Spawn);
  CHECK(f.machine.stop(f.now) == Action::None);
  CHECK(f.machine.spawned(f.now) == Action::Terminate);
  CHECK(f.machine.phase() == Phase::Stopping);
  f.machine.exited({Exit::Kind::Signal, SIGTERM}, "", f.now);
  CHECK(f.machine.cleared(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Inactive);

  f.machine.start(f.now);
  REQUIRE(f.machine.prepared(f.now) == Action::Spawn);
  CHECK(f.machine.restart(f.now) == Action::None);
  CHECK(f.machine.spawned(f.now) == Action::Terminate);
  f.machine.exited({Exit::Kind::Signal, SIGTERM}, "", f.now);
  CHECK(f.machine.cleared(f.now) == Action::Prepare);

  REQUIRE(f.machine.prepared(f.now) == Action::Spawn);
  f.machine.stop(f.now);
  CHECK(f.machine.start(f.now) == Action::None);
  CHECK(f.machine.spawned(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Starting);
}

TEST_CASE("a failed start is not repeated after a stop, and immediately repeated after a restart") {
  Fixture f;
  f.machine.start(f.now);
  REQUIRE(f.machine.prepared(f.now) == Action::Spawn);
  f.machine.stop(f.now);
  CHECK(f.machine.spawnFailed("no", f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Inactive);

  f.machine.start(f.now);
  REQUIRE(f.machine.prepared(f.now) == Action::Spawn);
  f.machine.restart(f.now);
  CHECK(f.machine.spawnFailed("no", f.now) == Action::Prepare);
  CHECK(f.machine.phase() == Phase::Preparing);

  REQUIRE(f.machine.prepared(f.now) == Action::Spawn);
  CHECK(f.machine.spawnFailed("no", f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Waiting);
}

TEST_CASE("a process that never reports READY counts as running after a while") {
  Fixture f;
  f.machine.start(f.now);
  f.machine.prepared(f.now);
  f.machine.spawned(f.now);
  CHECK(f.machine.phase() == Phase::Starting);
  CHECK(f.machine.expire(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Starting);
  f.jump();
  CHECK(f.machine.phase() == Phase::Running);
}

TEST_CASE("a process that dies is started again after a delay, when none of its processes is left") {
  Fixture f;
  f.run();
  f.now += seconds(100);
  CHECK(f.machine.exited({Exit::Kind::Signal, SIGKILL}, "", f.now) == Action::Clear);
  CHECK(f.machine.expire(f.now + seconds(500)) == Action::None);  // first everything is cleared
  CHECK(f.machine.cleared(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Waiting);
  CHECK(f.machine.reason() == "was killed by signal 9 (KILL)");
  CHECK(f.jump() == Action::Prepare);
  CHECK(f.machine.restarts() == 1);
}

TEST_CASE("the delay doubles, and after five early ends the instance has failed, with the reason") {
  Fixture f;
  REQUIRE(f.machine.start(f.now) == Action::Prepare);
  for (const int delay : {1, 2, 4, 8}) {
    f.dieEarly();
    CHECK(f.machine.phase() == Phase::Waiting);
    CHECK(*f.machine.deadline() - f.now == seconds(delay));
    CHECK(f.jump() == Action::Prepare);
  }
  f.dieEarly();
  CHECK(f.machine.phase() == Phase::Failed);
  CHECK(f.machine.result() == RunResult::ExitCode);
  CHECK(f.machine.reason() == "failed 5 times in a row; the last time it exited with status 2 before it was ready");
  CHECK(f.machine.details() == "Error: no file");
  CHECK_FALSE(f.machine.deadline());
  CHECK(f.machine.start(f.now) == Action::Prepare);  // people may try again
  f.dieEarly();
  CHECK(f.machine.phase() == Phase::Waiting);
}

TEST_CASE("a long run resets the count of early ends") {
  Fixture f;
  REQUIRE(f.machine.start(f.now) == Action::Prepare);
  for (int i = 0; i < 20; ++i) {
    f.machine.prepared(f.now);
    f.machine.spawned(f.now);
    f.machine.ready(f.now);
    f.now += seconds(60);
    f.machine.exited({Exit::Kind::Code, 1}, "", f.now);
    f.machine.cleared(f.now);
    REQUIRE(f.machine.phase() == Phase::Waiting);
    REQUIRE(f.jump() == Action::Prepare);
  }
}

TEST_CASE("an orderly end was requested by the owner, also one that a process reports that is not our child") {
  Fixture f;
  f.run();
  f.machine.exited({Exit::Kind::Code, 0}, "", f.now);
  f.machine.cleared(f.now);
  CHECK(f.machine.phase() == Phase::Inactive);
  CHECK(f.machine.reason() == "was shut down by its owner");
}

TEST_CASE("a process that does not stop is killed") {
  Fixture f;
  f.run();
  f.machine.stop(f.now);
  CHECK(f.jump() == Action::KillTree);
  f.machine.exited({Exit::Kind::Signal, SIGKILL}, "", f.now);
  f.machine.cleared(f.now);
  CHECK(f.machine.phase() == Phase::Inactive);
  CHECK(f.machine.result() == RunResult::Timeout);
}

TEST_CASE("a process that does not end when it is killed counts as ended after a while") {
  for (const bool restart : {false, true}) {
    Fixture f;
    f.run();
    CHECK((restart ? f.machine.restart(f.now) : f.machine.stop(f.now)) == Action::Terminate);
    CHECK(f.jump() == Action::KillTree);
    CHECK(f.jump() == Action::Abandon);
    CHECK(f.machine.phase() == Phase::Clearing);
    CHECK(f.machine.result() == RunResult::Timeout);
    CHECK(f.machine.reason() == "did not stop, was killed, and hangs in the kernel");
    CHECK(f.machine.cleared(f.now) == (restart ? Action::Prepare : Action::None));
    CHECK(f.machine.phase() == (restart ? Phase::Preparing : Phase::Inactive));
  }
}

TEST_CASE("a start after a stop prepares again, since the entry may have changed meanwhile") {
  Fixture f;
  f.machine.start(f.now);
  CHECK(f.machine.stop(f.now) == Action::None);
  CHECK(f.machine.start(f.now) == Action::None);
  CHECK(f.machine.prepared(f.now) == Action::Prepare);
  CHECK(f.machine.prepared(f.now) == Action::Spawn);

  Fixture g;
  g.machine.start(g.now);
  g.machine.stop(g.now);
  g.machine.start(g.now);
  CHECK(g.machine.prepareFailed("/x already exists", g.now) == Action::Prepare);
  CHECK(g.machine.phase() == Phase::Preparing);
}

TEST_CASE("restart, and a start during a stop, run it again") {
  for (const bool restart : {true, false}) {
    Fixture f;
    f.run();
    if (restart) {
      CHECK(f.machine.restart(f.now) == Action::Terminate);
    } else {
      CHECK(f.machine.stop(f.now) == Action::Terminate);
      CHECK(f.machine.start(f.now) == Action::None);
    }
    f.machine.exited({Exit::Kind::Code, 0}, "", f.now);
    CHECK(f.machine.cleared(f.now) == Action::Prepare);
    CHECK(f.machine.wanted());
  }
}

TEST_CASE("a stop before the process exists takes effect when its layout is done") {
  Fixture f;
  f.machine.start(f.now);
  CHECK(f.machine.stop(f.now) == Action::None);
  CHECK(f.machine.prepared(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Inactive);
}

TEST_CASE("a stop cancels the next try") {
  Fixture f;
  f.machine.start(f.now);
  f.dieEarly();
  CHECK(f.machine.stop(f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Inactive);
  CHECK_FALSE(f.machine.deadline());
}

TEST_CASE("a layout that cannot be applied is a failure without another try") {
  Fixture f;
  f.machine.start(f.now);
  CHECK(f.machine.prepareFailed("/x already exists", f.now) == Action::None);
  CHECK(f.machine.phase() == Phase::Failed);
  CHECK(f.machine.result() == RunResult::Layout);
}

TEST_CASE("an adopted instance runs, and its restart counter stays zero") {
  Fixture f;
  f.machine.adopt(f.now);
  CHECK(f.machine.phase() == Phase::Running);
  CHECK(f.machine.restarts() == 0);
  CHECK(f.machine.stop(f.now) == Action::Terminate);
}
