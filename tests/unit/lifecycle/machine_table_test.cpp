// SPDX-License-Identifier: MIT
// Every input in every state.
#include <signal.h>

#include <array>
#include <map>
#include <utility>

#include "tests/unit/lifecycle/bench.hpp"

namespace {

using core::seconds;
using lifecycle::ProcessState;
namespace input = lifecycle::input;

constexpr core::Instant kNow{std::chrono::hours(1)};

/// One column for each kind of input, in the order of lifecycle::Input.
const std::array<lifecycle::Input, std::variant_size_v<lifecycle::Input>> kInputs{
    input::Start{},
    input::Stop{},
    input::GiveUp{},
    input::Spawned{},
    input::SpawnFailed{"no"},
    input::Exited{0},
    input::LeaderExited{},
    input::Deadline{},
    input::SignalFailed{"no"},
    input::Preparing{},
    input::Ready{},
    input::Extend{kNow + seconds(1000)},
    input::Recycle{"bad"},
    input::StopCommandEnded{false},
};

using Row = std::array<const char*, std::variant_size_v<lifecycle::Input>>;
// clang-format off
const std::map<ProcessState, Row> kTable{
    //                       Start            Stop            GiveUp   Spawned SpawnFailed Exited           Leader Deadline          SignalFailed Preparing Ready Extend Recycle         StopCommandEnded
    {ProcessState::Stopped,  {"STARTING spawn", "",             "",      "",     "",         "",              "",    "",               "",          "",       "",   "",    "",             ""}},
    {ProcessState::Starting, {"",               "STOPPING s15", "",      "",     "BACKOFF",  "RUNNING EXITED", "",   "RUNNING",        "UNKNOWN",   "",       "",   "",    "STOPPING s15", ""}},
    {ProcessState::Running,  {"",               "STOPPING s15", "",      "",     "",         "EXITED",        "",    "",               "UNKNOWN",   "",       "",   "",    "STOPPING s15", ""}},
    {ProcessState::Backoff,  {"STARTING spawn", "STOPPED",      "FATAL", "",     "",         "",              "",    "STARTING spawn", "",          "",       "",   "",    "",             ""}},
    {ProcessState::Stopping, {"",               "",             "",      "",     "",         "STOPPED",       "",    "s9",             "UNKNOWN",   "",       "",   "",    "",             ""}},
    {ProcessState::Exited,   {"STARTING spawn", "STOPPED",      "",      "",     "",         "",              "",    "STARTING spawn", "",          "",       "",   "",    "",             ""}},
    {ProcessState::Fatal,    {"STARTING spawn", "STOPPED",      "",      "",     "",         "",              "",    "STARTING spawn", "",          "",       "",   "",    "",             ""}},
    {ProcessState::Unknown,  {"",               "",             "",      "",     "",         "STOPPED",       "",    "",               "",          "",       "",   "",    "",             ""}},
};
// clang-format on

lifecycle::Machine machineIn(ProcessState state) {
  lifecycle::Snapshot saved;
  saved.state = state;
  saved.started = kNow - seconds(100);
  saved.due = kNow - seconds(1);
  lifecycle::Machine machine;
  machine.restore(saved);
  return machine;
}

std::string textOf(const lifecycle::Actions& actions) {
  std::string out;
  for (const auto& action : actions) {
    using Kind = lifecycle::Action::Kind;
    if (!out.empty()) out += ' ';
    switch (action.kind) {
      case Kind::Changed: out += lifecycle::toText(action.to); break;
      case Kind::Spawn: out += "spawn"; break;
      case Kind::Signal: out += 's' + std::to_string(action.signal); break;
      case Kind::Cancel: out += "cancel"; break;
      case Kind::StopCommand: out += "command"; break;
      case Kind::Abandon: out += "abandon"; break;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("every input in every state") {
  static_assert(std::variant_size_v<lifecycle::Input> == 14, "the table lacks a column");
  lifecycle::Pacing pacing;
  pacing.fatalRetry = seconds(0);
  lifecycle::Rules rules;
  rules.pacing = &pacing;
  rules.restart = lifecycle::Restart::Always;
  for (const ProcessState state : lifecycle::kAllStates) {
    for (std::size_t column = 0; column < kInputs.size(); ++column) {
      REQUIRE(kInputs[column].index() == column);
      auto machine = machineIn(state);
      INFO(lifecycle::toText(state), ", column ", column);
      CHECK(textOf(machine.on(kInputs[column], rules, kNow)) == kTable.at(state)[column]);
    }
  }
}

TEST_CASE("without keys of ours the states that have no process are Supervisor's") {
  const lifecycle::Rules rules;
  auto exited = machineIn(ProcessState::Exited), fatal = machineIn(ProcessState::Fatal);
  for (auto* const machine : {&exited, &fatal}) {
    CHECK(textOf(machine->on(input::Stop{}, rules, kNow)).empty());
    CHECK(textOf(machine->on(input::Recycle{"bad"}, rules, kNow)).empty());
  }
  CHECK_FALSE(fatal.deadline(rules));
}

TEST_CASE("Extend moves the deadline of a start and of a stop only") {
  lifecycle::Pacing pacing;
  pacing.fatalRetry = seconds(0);
  lifecycle::Rules rules;
  rules.pacing = &pacing;
  rules.restart = lifecycle::Restart::Always;
  for (const ProcessState state : lifecycle::kAllStates) {
    auto machine = machineIn(state);
    const auto before = machine.deadline(rules);
    (void)machine.on(input::Extend{kNow + seconds(1000)}, rules, kNow);
    const bool moves = state == ProcessState::Starting || state == ProcessState::Stopping;
    CHECK(machine.deadline(rules) == (moves ? kNow + seconds(1000) : before));
  }
}
