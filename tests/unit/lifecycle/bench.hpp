// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "lib/lifecycle/machine.hpp"

/// A machine with a clock of its own and a spawner that works or fails as told; writes down what happens.
struct Bench {
  lifecycle::Machine machine;
  lifecycle::Rules rules;
  lifecycle::Pacing pacing;  ///< see paced()
  std::vector<int> exitCodes{0};
  core::Instant now{std::chrono::hours(1)};
  std::string spawnError;
  std::string events;
  std::vector<lifecycle::Action> signals;
  int abandoned = 0;
  int cancelled = 0;
  int stopCommands = 0;
  bool prepares = false;  ///< commands run before the program

  Bench() { rules.exitCodes = exitCodes; }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// From here on the rules have `pacing`.
  lifecycle::Pacing& paced() {
    rules.pacing = &pacing;
    return pacing;
  }

  void feed(const lifecycle::Input& what) {
    using Kind = lifecycle::Action::Kind;
    for (const lifecycle::Action& action : machine.on(what, rules, now)) {
      switch (action.kind) {
        case Kind::Changed: note(action); break;
        case Kind::Signal: signals.push_back(action); break;
        case Kind::Abandon: ++abandoned; break;
        case Kind::Cancel: ++cancelled; break;
        case Kind::StopCommand: ++stopCommands; break;
        case Kind::Spawn: spawn(); break;
      }
    }
  }
  /// Jumps to the next deadline; returns how far that was.
  core::milliseconds jumpExactly() {
    const auto due = machine.deadline(rules);
    REQUIRE(due.has_value());
    const auto waited = std::chrono::duration_cast<core::milliseconds>(*due - now);
    now = std::max(now, *due);
    feed(lifecycle::input::Deadline{});
    return waited;
  }
  core::seconds jump() { return std::chrono::duration_cast<core::seconds>(jumpExactly()); }
  /// Starts it, and lets startsecs pass.
  void run() {
    feed(lifecycle::input::Start{});
    jump();
  }
  /// What happened since the last call.
  std::string take() { return std::exchange(events, {}); }

 private:
  void note(const lifecycle::Action& action) {
    using lifecycle::ProcessState;
    if (!events.empty()) events += ' ';
    events += lifecycle::toText(action.to);
    if (action.to == ProcessState::Backoff || action.to == ProcessState::Starting)
      events += std::to_string(action.tries);
  }
  void spawn() {
    if (prepares)
      feed(lifecycle::input::Preparing{});
    else if (spawnError.empty())
      feed(lifecycle::input::Spawned{});
    else
      feed(lifecycle::input::SpawnFailed{spawnError});
  }
};
