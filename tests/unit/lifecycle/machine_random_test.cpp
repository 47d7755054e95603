// SPDX-License-Identifier: MIT
// Random inputs in random order never bring a machine into an impossible state.
#include <signal.h>

#include <array>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "tests/unit/lifecycle/bench.hpp"

namespace {

using core::milliseconds;
using core::seconds;
using lifecycle::Action;
using lifecycle::AfterStop;
using lifecycle::ProcessState;
namespace input = lifecycle::input;

/// Every change that may happen.
const std::set<std::pair<ProcessState, ProcessState>> kChanges = [] {
  using enum ProcessState;
  return std::set<std::pair<ProcessState, ProcessState>>{
      {Stopped, Starting}, {Stopped, Fatal},    {Starting, Running}, {Starting, Backoff}, {Starting, Stopping},
      {Running, Exited},   {Running, Stopping}, {Backoff, Starting}, {Backoff, Fatal},    {Backoff, Stopped},
      {Stopping, Stopped}, {Stopping, Backoff}, {Exited, Starting},  {Exited, Fatal},     {Exited, Stopped},
      {Fatal, Starting},   {Fatal, Stopped},    {Starting, Unknown}, {Running, Unknown},  {Stopping, Unknown},
      {Unknown, Stopped},
  };
}();

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  bool chance() { return below(2) == 0; }
  milliseconds time() { return milliseconds(below(4) == 0 ? 0 : below(20'000)); }

 private:
  std::mt19937 random_;
};

/// A machine, what it may be asked, and all that must always hold.
class Trial {
 public:
  explicit Trial(unsigned seed) : dice_(seed) {
    rules_.exitCodes = codes_;
    changeRules();
  }

  void step() {
    if (dice_.below(20) == 0) changeRules();
    now_ += dice_.time();
    if (const auto due = machine_.deadline(rules_); due && dice_.chance()) now_ = std::max(now_, *due);
    give(pick());
    lifecycle::Machine other;
    other.restore(machine_.save());
    REQUIRE(other.save() == machine_.save());
    if (dice_.below(4) == 0) machine_.restore(other.save());
  }

 private:
  void changeRules() {
    pacing_ = {};
    if (dice_.chance()) pacing_.delay = dice_.time();
    if (dice_.chance()) pacing_.maxDelay = dice_.time();
    if (dice_.chance()) pacing_.factor = 1000 + dice_.below(3000);
    if (dice_.chance()) pacing_.limit = 1 + dice_.below(5), pacing_.limitWindow = seconds(1 + dice_.below(100));
    if (dice_.chance()) pacing_.fatalRetry = dice_.time();
    rules_.pacing = dice_.chance() ? &pacing_ : nullptr;
    rules_.startSeconds = seconds(dice_.below(3));
    rules_.stopWait = seconds(1 + dice_.below(10));
    rules_.startRetries = dice_.below(5) - 2;
    rules_.restart = static_cast<lifecycle::Restart>(dice_.below(3));
    rules_.stopAsGroup = dice_.chance();
    rules_.killAsGroup = rules_.stopAsGroup || dice_.chance();
    rules_.stopSteps = std::span(steps_).first(static_cast<std::size_t>(dice_.below(3)));
    rules_.stopCommand = dice_.chance();
    rules_.stopCommandLimit = dice_.time();
    rules_.awaitReady = dice_.chance();
    rules_.readyTimeout = dice_.time();
    rules_.chance = static_cast<std::uint32_t>(dice_.below(1'000'000));
    rules_.held = dice_.below(4) == 0;
    rules_.mayStart = dice_.below(10) != 0;
  }

  lifecycle::Input pick() {
    switch (dice_.below(14)) {
      case 0: return input::Start{};
      case 1: return input::Stop{};
      case 2: return input::GiveUp{};
      case 3: return input::Spawned{};
      case 4: return input::SpawnFailed{"spawn"};
      case 5: return input::Exited{dice_.below(3) - 1, dice_.chance() ? "" : "why", dice_.chance() ? "" : "hint"};
      case 6:
        if (dice_.chance()) return input::LeaderExited{};
        return input::LeaderExited{input::LeftBehind{dice_.below(4), now_ + dice_.time(), dice_.chance()}};
      case 7: return input::SignalFailed{"signal"};
      case 8: return input::Preparing{};
      case 9: return input::Ready{};
      case 10: return input::Extend{now_ + dice_.time()};
      case 11: return input::Recycle{dice_.chance() ? "" : "why", dice_.chance()};
      case 12: return input::StopCommandEnded{dice_.chance()};
      default: return input::Deadline{};
    }
  }

  void give(const lifecycle::Input& what) {
    const auto before = machine_.save();
    const auto due = machine_.deadline(rules_);
    const auto actions = machine_.on(what, rules_, now_);
    auto state = before.state;
    for (std::size_t i = 0; i < actions.size(); ++i) state = check(actions, i, state);
    REQUIRE(state == machine_.state());
    checkFacts();
    const bool fired = std::holds_alternative<input::Deadline>(what) && due && *due <= now_;
    if (std::holds_alternative<input::Deadline>(what) && !fired) REQUIRE(machine_.save() == before);
    // A deadline that is met brings a new state, or a later deadline: the owner's timer does not spin.
    const auto next = machine_.deadline(rules_);
    if (fired && state == before.state) REQUIRE((!next || *next > now_));
  }

  /// Checks one action; returns the state after it.
  ProcessState check(const lifecycle::Actions& actions, std::size_t i, ProcessState state) {
    const Action& action = actions[i];
    switch (action.kind) {
      case Action::Kind::Changed:
        REQUIRE(action.from == state);
        REQUIRE_MESSAGE(kChanges.count({action.from, action.to}) == 1, lifecycle::toText(action.from), " -> ",
                        lifecycle::toText(action.to));
        return action.to;
      case Action::Kind::Spawn:
        REQUIRE((i > 0 && actions[i - 1].kind == Action::Kind::Changed && state == ProcessState::Starting));
        REQUIRE(i + 1 == actions.size());
        break;
      case Action::Kind::Signal:
        REQUIRE(state == ProcessState::Stopping);
        REQUIRE((action.signal == SIGKILL || !action.escalated));
        REQUIRE_FALSE(machine_.preparing());
        break;
      case Action::Kind::Cancel: REQUIRE((state == ProcessState::Stopping && machine_.preparing())); break;
      case Action::Kind::StopCommand: REQUIRE((state == ProcessState::Stopping && rules_.stopCommand)); break;
      case Action::Kind::Abandon: REQUIRE((state == ProcessState::Stopping && machine_.save().leaderGone)); break;
    }
    return state;
  }

  void checkFacts() {
    const auto saved = machine_.save();
    const bool stopping = saved.state == ProcessState::Stopping;
    if (saved.preparing) REQUIRE((stopping || saved.state == ProcessState::Starting));
    if (saved.leaderGone) REQUIRE(stopping);
    if (saved.groupKilled) REQUIRE(saved.leaderGone);
    if (saved.afterStop == AfterStop::BackOff) REQUIRE(stopping);
    if (saved.afterStop != AfterStop::Stay) REQUIRE((stopping || saved.state == ProcessState::Stopped));
    if (saved.state == ProcessState::Running) REQUIRE(saved.trouble.empty());
    if (saved.state == ProcessState::Fatal) REQUIRE(saved.tries == 0);
    if (saved.state == ProcessState::Backoff) REQUIRE(saved.tries > 0);
    REQUIRE(saved.recent.size() <= 5);
    const auto next = machine_.nextStart(rules_);
    if (next) REQUIRE((lifecycle::isStopped(saved.state) || saved.state == ProcessState::Backoff));
    if (next) REQUIRE((rules_.mayStart && !rules_.held));
    if (next) REQUIRE(machine_.deadline(rules_) == next);
    if (stopping) REQUIRE(machine_.deadline(rules_));
  }

  Dice dice_;
  lifecycle::Machine machine_;
  lifecycle::Pacing pacing_;
  lifecycle::Rules rules_;
  std::array<int, 1> codes_{0};
  std::array<lifecycle::StopStep, 2> steps_{{{SIGTERM, milliseconds(1500)}, {SIGINT, milliseconds(300)}}};
  core::Instant now_{std::chrono::hours(1)};
};

}  // namespace

TEST_CASE("random inputs never lead to an impossible state") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    INFO("seed ", seed);
    Trial trial(seed);
    for (int i = 0; i < 500; ++i) trial.step();
  }
}
