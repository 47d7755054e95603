// SPDX-License-Identifier: MIT
#include "lib/lifecycle/machine.hpp"

#include <signal.h>

#include <algorithm>
#include <exception>

namespace lifecycle {
namespace {

/// The minimum time between two starts of a program that exits immediately (startsecs=0). It is the period of
/// Supervisor's poll; without it, such a program would be forked in a loop.
constexpr core::seconds kRestartPace{1};
constexpr std::string_view kExitedTooQuickly = "Exited too quickly (process log may have details)";

/// The time for a process group to end after SIGKILL. A process that takes longer hangs in the kernel, and a stop that
/// waits for it might never finish.
constexpr core::seconds kKillWait{10};

}  // namespace

// Reserved for blame(): when memory runs out, the text is cut to what is reserved.
Machine::Machine() { trouble_.reserve(kExitedTooQuickly.size()); }

void Machine::blame(std::string_view why, std::string_view hint) noexcept {
  try {
    trouble_.assign(why);
    if (!hint.empty()) trouble_.append("; ").append(hint);
  } catch (const std::exception&) {
    trouble_.assign(why.substr(0, trouble_.capacity()));
  }
}

Actions Machine::on(const Input& input, const Rules& rules, core::Instant now) noexcept {
  Actions actions;
  std::visit([&](const auto& what) { handle(what, actions, rules, now); }, input);
  return actions;
}

Snapshot Machine::save() const {
  return {state_, tries_, exitCode_, leaderGone_, groupKilled_, started_, due_, trouble_};
}

void Machine::restore(const Snapshot& saved) {
  state_ = saved.state;
  tries_ = saved.tries;
  exitCode_ = saved.exitCode;
  leaderGone_ = saved.leaderGone;
  groupKilled_ = saved.groupKilled;
  started_ = saved.started;
  due_ = saved.due;
  trouble_.assign(saved.trouble);  // keeps what the constructor reserved
}

std::optional<core::Instant> Machine::deadline(const Rules& rules) const noexcept {
  switch (state_) {
    case ProcessState::Starting:
    case ProcessState::Stopping: return due_;
    case ProcessState::Backoff: return rules.mayStart ? std::optional(due_) : std::nullopt;
    case ProcessState::Exited: {
      if (!rules.mayStart || rules.restart == Restart::Never) return std::nullopt;
      if (rules.restart == Restart::Unexpected && rules.expects(exitCode_)) return std::nullopt;
      return due_;
    }
    default: return std::nullopt;
  }
}

/// The only function that changes the state.
void Machine::enter(ProcessState to, Actions& actions, bool expected, bool announced) {
  Action action;
  action.kind = Action::Kind::Changed;
  action.from = state_;
  action.to = to;
  leaderGone_ = groupKilled_ = false;
  action.expected = expected;
  action.announced = announced;
  action.tries = tries_;
  state_ = to;
  actions.push(action);
}

void Machine::start(Actions& actions, core::Instant now) {
  trouble_.clear();
  exitCode_ = 0;
  started_ = now;
  enter(ProcessState::Starting, actions);
  Action spawn;
  spawn.kind = Action::Kind::Spawn;
  actions.push(spawn);
}

void Machine::backOff(Actions& actions, const Rules& rules, core::Instant now) {
  ++tries_;
  // One second more after each failure, as in Supervisor.
  due_ = now + core::seconds(tries_);
  enter(ProcessState::Backoff, actions);
  if (tries_ <= rules.startRetries) return;
  enter(ProcessState::Fatal, actions);
  tries_ = 0;
}

void Machine::kill(Actions& actions, const Rules& rules, core::Instant now, bool escalated) {
  due_ = now + rules.stopWait;
  Action action;
  action.kind = Action::Kind::Signal;
  action.escalated = escalated;
  action.signal = escalated ? SIGKILL : rules.stopSignal;
  action.group = escalated ? rules.killAsGroup : rules.stopAsGroup;
  actions.push(action);
}

/// The program has not ended in time after the stop signal, or after the SIGKILL that followed.
void Machine::stopTakesTooLong(Actions& actions, const Rules& rules, core::Instant now) {
  if (!leaderGone_) return kill(actions, rules, now, true);
  Action action;
  action.kind = groupKilled_ ? Action::Kind::Abandon : Action::Kind::Signal;
  action.signal = SIGKILL;
  action.group = action.escalated = true;
  groupKilled_ = true;
  due_ = now + kKillWait;
  actions.push(action);
}

void Machine::handle(const input::Start&, Actions& actions, const Rules&, core::Instant now) {
  if (state_ == ProcessState::Backoff || (isStopped(state_) && state_ != ProcessState::Unknown)) start(actions, now);
}

void Machine::handle(const input::Stop&, Actions& actions, const Rules& rules, core::Instant now) {
  if (state_ == ProcessState::Backoff) return enter(ProcessState::Stopped, actions);
  if (state_ != ProcessState::Running && state_ != ProcessState::Starting) return;
  enter(ProcessState::Stopping, actions);
  kill(actions, rules, now, false);
}

void Machine::handle(const input::GiveUp&, Actions& actions, const Rules&, core::Instant) {
  if (state_ != ProcessState::Backoff) return;
  tries_ = 0;
  enter(ProcessState::Fatal, actions, false, false);
}

void Machine::handle(const input::Spawned&, Actions&, const Rules& rules, core::Instant now) {
  if (state_ != ProcessState::Starting) return;
  started_ = now;
  due_ = now + rules.startSeconds;
}

void Machine::handle(const input::SpawnFailed& failure, Actions& actions, const Rules& rules, core::Instant now) {
  if (state_ != ProcessState::Starting) return;
  blame(failure.why);
  backOff(actions, rules, now);
}

void Machine::handle(const input::Exited& exit, Actions& actions, const Rules& rules, core::Instant now) {
  exitCode_ = exit.code;
  const bool expected = rules.expects(exit.code);
  switch (state_) {
    case ProcessState::Stopping:
    case ProcessState::Unknown: return enter(ProcessState::Stopped, actions);
    case ProcessState::Starting:
      if (now < started_ + rules.startSeconds) {
        exitCode_ = 0;  // clients see the exit status of completed runs only
        blame(exit.why.empty() ? kExitedTooQuickly : exit.why, exit.hint);
        return backOff(actions, rules, now);
      }
      // It ran for startSeconds, but its exit came before the deadline that announces RUNNING. Clients and listeners
      // see STARTING, RUNNING and EXITED in any case, as in Supervisor.
      enter(ProcessState::Running, actions, false, false);
      [[fallthrough]];
    case ProcessState::Running:
      tries_ = 0;
      due_ = std::max(now, started_ + kRestartPace);
      trouble_.clear();
      if (!expected && exit.why.empty())
        trouble_.append("Bad exit code ").append(std::to_string(exit.code));  // fits into what is reserved
      else if (!expected)
        blame(exit.why);
      return enter(ProcessState::Exited, actions, expected);
    default: return;
  }
}

void Machine::handle(const input::LeaderExited&, Actions&, const Rules&, core::Instant) {
  leaderGone_ = state_ == ProcessState::Stopping;
}

void Machine::handle(const input::Deadline&, Actions& actions, const Rules& rules, core::Instant now) {
  const auto due = deadline(rules);
  if (!due || now < *due) return;
  switch (state_) {
    case ProcessState::Starting: tries_ = 0; return enter(ProcessState::Running, actions);
    case ProcessState::Backoff:
    case ProcessState::Exited: return start(actions, now);
    case ProcessState::Stopping: return stopTakesTooLong(actions, rules, now);
    default: return;
  }
}

void Machine::handle(const input::SignalFailed& failure, Actions& actions, const Rules&, core::Instant) {
  blame(failure.why);
  if (state_ != ProcessState::Unknown) enter(ProcessState::Unknown, actions);
}

}  // namespace lifecycle
