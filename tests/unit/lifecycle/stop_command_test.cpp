// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <signal.h>

#include <array>

#include "lib/lifecycle/machine.hpp"

using core::Instant;
using core::milliseconds;
using core::seconds;
using lifecycle::Action;
using lifecycle::Machine;
using lifecycle::ProcessState;
using lifecycle::Rules;
namespace input = lifecycle::input;

namespace {

constexpr Instant kStart{seconds(1000)};

/// A program that runs, and is stopped by a command.
struct Stopped {
  Machine machine;
  Rules rules;
  lifecycle::Actions first;
  explicit Stopped(std::span<const lifecycle::StopStep> steps = {}) {
    rules.startSeconds = seconds(0);
    rules.stopWait = seconds(3);
    rules.stopCommand = true;
    rules.stopCommandLimit = seconds(20);
    rules.stopSteps = steps;
    (void)machine.on(input::Start{}, rules, kStart);
    (void)machine.on(input::Spawned{}, rules, kStart);
    (void)machine.on(input::Deadline{}, rules, kStart);
    first = machine.on(input::Stop{}, rules, kStart);
  }
};

/// The one signal among the actions; 0: there is none.
int signalOf(const lifecycle::Actions& actions) {
  for (const auto& action : actions)
    if (action.kind == Action::Kind::Signal) return action.signal;
  return 0;
}

}  // namespace

TEST_CASE("a stop by command sends no signal before the command has ended, and SIGKILL after the wait") {
  Stopped s;
  CHECK(s.machine.state() == ProcessState::Stopping);
  CHECK(s.first[1].kind == Action::Kind::StopCommand);
  CHECK(signalOf(s.first) == 0);
  CHECK(s.machine.deadline(s.rules) == kStart + seconds(23));
  const auto ended = kStart + seconds(1);
  CHECK(signalOf(s.machine.on(input::StopCommandEnded{true}, s.rules, ended)) == 0);
  CHECK(s.machine.deadline(s.rules) == ended + seconds(3));
  CHECK(signalOf(s.machine.on(input::Deadline{}, s.rules, ended + seconds(3))) == SIGKILL);
}

TEST_CASE("a stop command that fails is followed by the first stop signal") {
  Stopped s;
  CHECK(signalOf(s.machine.on(input::StopCommandEnded{false}, s.rules, kStart)) == SIGTERM);
  CHECK(signalOf(s.machine.on(input::Deadline{}, s.rules, kStart + seconds(3))) == SIGKILL);
}

TEST_CASE("every step of a sequence follows a stop command, whether it fails or does not end the program") {
  const std::array steps{lifecycle::StopStep{SIGINT, milliseconds(1000)},
                         lifecycle::StopStep{SIGQUIT, milliseconds(2000)}};
  for (const bool succeeded : {true, false}) {
    CAPTURE(succeeded);
    Stopped s(steps);
    auto now = kStart;
    auto actions = s.machine.on(input::StopCommandEnded{succeeded}, s.rules, now);
    if (succeeded) {
      CHECK(signalOf(actions) == 0);
      now += seconds(3);
      actions = s.machine.on(input::Deadline{}, s.rules, now);
    }
    CHECK(signalOf(actions) == SIGINT);
    CHECK(signalOf(s.machine.on(input::Deadline{}, s.rules, now + seconds(1))) == SIGQUIT);
    CHECK(signalOf(s.machine.on(input::Deadline{}, s.rules, now + seconds(3))) == SIGKILL);
    (void)s.machine.on(input::Exited{-1}, s.rules, now + seconds(3));
    CHECK(s.machine.state() == ProcessState::Stopped);
  }
}
