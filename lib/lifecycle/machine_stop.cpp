// SPDX-License-Identifier: MIT
// The steps of a stop, from its first signal to the end of all that has to end.
#include <signal.h>

#include <algorithm>

#include "lib/lifecycle/machine.hpp"
#include "lib/lifecycle/stop_step.hpp"

namespace lifecycle {
namespace {

/// The time for a process group to end after SIGKILL. A process that takes longer hangs in the kernel, and a stop that
/// waits for it might never finish.
constexpr core::seconds kKillWait{10};

/// Values of stopStep_ before the first signal.
constexpr int kCommandRuns = -1;
constexpr int kCommandDone = -2;  ///< it has succeeded

}  // namespace

void Machine::handle(const input::Stop&, Actions& actions, const Rules& rules, core::Instant now) {
  const bool cancels = rules.pacing != nullptr && awaitsStart(rules);
  if (rules.pacing != nullptr && (cancels || state_ == ProcessState::Stopping)) trouble_.clear();
  if (state_ == ProcessState::Backoff ||
      (cancels && state_ != ProcessState::Stopped && state_ != ProcessState::Stopping))
    return enter(ProcessState::Stopped, actions);
  afterStop_ = AfterStop::Stay;
  if (state_ != ProcessState::Running && state_ != ProcessState::Starting) return;
  stop(actions, rules, now);
}

void Machine::stop(Actions& actions, const Rules& rules, core::Instant now) {
  enter(ProcessState::Stopping, actions);
  stopStep_ = 0;
  if (preparing_ || !rules.stopCommand) return sendStopSignal(actions, rules, now);
  stopStep_ = kCommandRuns;
  due_ = now + rules.stopCommandLimit + rules.stopWait;
  Action action;
  action.kind = Action::Kind::StopCommand;
  actions.push(action);
}

/// What was being stopped has ended.
void Machine::stopped(Actions& actions, const Rules& rules, core::Instant now) {
  const auto next = afterStop_;
  if (next == AfterStop::BackOff && rules.mayStart) {
    exitCode_ = 0;  // clients see the exit status of completed runs only
    return backOff(actions, rules, now);
  }
  enter(ProcessState::Stopped, actions);
  if (next != AfterStop::Restart && next != AfterStop::Renew) return;
  afterStop_ = next;
  due_ = next == AfterStop::Renew ? now : afterRun(rules, now);
}

/// A command replaces the one stop signal, but not a sequence. What goes to the main process only is
/// nothing for those that it left behind.
void Machine::nextStopStep(const Rules& rules) noexcept {
  const int end = countStopSteps(rules);
  if (stopStep_ < 0)
    stopStep_ = rules.stopSteps.empty() ? end : 0;
  else
    stopStep_ = std::min(stopStep_ + 1, end);
  while (leaderGone_ && !rules.stopAsGroup && stopStep(rules, stopStep_).signal != SIGKILL) ++stopStep_;
}

void Machine::sendStopSignal(Actions& actions, const Rules& rules, core::Instant now) {
  const auto step = stopStep(rules, stopStep_);
  const bool first = stopStep_ == 0 && rules.stopSteps.empty();  // a stopsignal of KILL is a stop signal like others
  Action action;
  action.kind = preparing_ ? Action::Kind::Cancel : Action::Kind::Signal;
  action.signal = step.signal;
  action.step = stopStep_;
  action.escalated = step.signal == SIGKILL && (!first || leaderGone_);
  action.group = leaderGone_ || (action.escalated ? rules.killAsGroup : rules.stopAsGroup);
  groupKilled_ = leaderGone_ && action.escalated;
  due_ = now + (groupKilled_ ? core::Duration(kKillWait) : core::Duration(step.wait));
  actions.push(action);
}

/// The program, or what it left behind, has not ended in time after the last step.
void Machine::stopTakesTooLong(Actions& actions, const Rules& rules, core::Instant now) {
  if (!groupKilled_) {
    nextStopStep(rules);
    return sendStopSignal(actions, rules, now);
  }
  Action action;
  action.kind = Action::Kind::Abandon;
  due_ = now + kKillWait;
  actions.push(action);
}

void Machine::handle(const input::LeaderExited& exit, Actions& actions, const Rules& rules, core::Instant now) {
  if (state_ != ProcessState::Stopping || preparing_) return;
  leaderGone_ = true;
  if (exit.left) {
    stopStep_ = exit.left->step;
    groupKilled_ = exit.left->killed;
    due_ = exit.left->due;
  } else if (stopStep_ == kCommandDone && rules.stopAsGroup) {
    stopStep_ = 0;
    sendStopSignal(actions, rules, now);
  }
}

void Machine::handle(const input::StopCommandEnded& ended, Actions& actions, const Rules& rules, core::Instant now) {
  if (state_ != ProcessState::Stopping || stopStep_ != kCommandRuns) return;
  if (leaderGone_ ? rules.stopAsGroup : !ended.succeeded) {
    stopStep_ = 0;
    return sendStopSignal(actions, rules, now);
  }
  stopStep_ = kCommandDone;
  due_ = now + rules.stopWait;
}

}  // namespace lifecycle
