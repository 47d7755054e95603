// SPDX-License-Identifier: MIT
#include "lib/lifecycle/machine.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace lifecycle {
namespace {

/// The minimum time between two starts of a program that exits immediately (startsecs=0). It is the period of
/// Supervisor's poll; without it, such a program would be forked in a loop.
constexpr core::seconds kRestartPace{1};
/// The same for starts that fail, with a restart_delay of almost nothing.
constexpr core::milliseconds kFailurePace{100};
constexpr std::string_view kExitedTooQuickly = "Exited too quickly (process log may have details)";

/// A run that took so long ends a row of restarts: the next delay is the first one again.
constexpr core::seconds kLongRun{10};

constexpr Pacing kSupervisorsPacing{};
const Pacing& pacingOf(const Rules& rules) noexcept {
  return rules.pacing != nullptr ? *rules.pacing : kSupervisorsPacing;
}

/// The value of startretries that means "for ever". Below it, no attempt follows the first one, as in Supervisor.
constexpr int kForEver = -1;

void count(int& times) noexcept {
  if (times < std::numeric_limits<int>::max()) ++times;
}

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
  return {state_,   tries_,     exitCode_, leaderGone_, groupKilled_, started_, due_,
          trouble_, afterStop_, stopStep_, preparing_,  restarts_,    streak_,  recent_};
}

void Machine::startLimitChanged(core::milliseconds by) noexcept {
  if (state_ == ProcessState::Starting && !preparing_) due_ += by;
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
  afterStop_ = saved.afterStop;
  stopStep_ = saved.stopStep;
  preparing_ = saved.preparing;
  restarts_ = saved.restarts;
  streak_ = saved.streak;
  recent_ = saved.recent;
}

std::optional<core::Instant> Machine::deadline(const Rules& rules) const noexcept {
  switch (state_) {
    case ProcessState::Starting:
      if (preparing_ || (rules.awaitReady && rules.readyTimeout.count() == 0)) return std::nullopt;
      return due_;
    case ProcessState::Stopping: return due_;
    default: return nextStart(rules);
  }
}

std::optional<core::Instant> Machine::nextStart(const Rules& rules) const noexcept {
  if (!rules.mayStart || rules.held) return std::nullopt;
  switch (state_) {
    case ProcessState::Backoff: return due_;
    case ProcessState::Stopped: return afterStop_ != AfterStop::Stay ? std::optional(due_) : std::nullopt;
    case ProcessState::Fatal: {
      const auto retry = pacingOf(rules).fatalRetry;
      return retry && due_ != core::Instant() ? std::optional(due_ + *retry) : std::nullopt;
    }
    case ProcessState::Exited:
      if (rules.restart == Restart::Never) return std::nullopt;
      if (rules.restart == Restart::Unexpected && rules.expects(exitCode_)) return std::nullopt;
      return due_;
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
  preparing_ = preparing_ && to == ProcessState::Stopping;
  afterStop_ = AfterStop::Stay;
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

/// Without a request, after a run.
void Machine::restart(Actions& actions, const Rules& rules, core::Instant now) {
  if (!mayRestart(rules, now)) {
    blameLimit(pacingOf(rules));
    return fatal(actions, now);
  }
  count(restarts_);
  start(actions, now);
}

void Machine::blameLimit(const Pacing& pacing) noexcept {
  try {
    const auto limit = "restarted " + std::to_string(pacing.limit) + (pacing.limit == 1 ? " time in " : " times in ") +
                       durationText(pacing.limitWindow) + " (restart_limit)";
    blame(trouble_.empty() ? limit : std::string(trouble_), trouble_.empty() ? "" : limit);
  } catch (const std::exception&) {
    blame("restart_limit reached");
  }
}

/// Counts the restart, if there is a limit.
bool Machine::mayRestart(const Rules& rules, core::Instant now) noexcept {
  const auto& pacing = pacingOf(rules);
  if (pacing.limit == 0) return true;
  std::erase_if(recent_, [&](core::Instant when) { return when <= now - pacing.limitWindow; });
  if (recent_.size() >= static_cast<std::size_t>(pacing.limit)) return false;
  try {
    recent_.push_back(now);
  } catch (const std::exception&) {  // out of memory: this one does not count
  }
  return true;
}

void Machine::fatal(Actions& actions, core::Instant now) {
  due_ = now;
  enter(ProcessState::Fatal, actions);
  tries_ = streak_ = 0;
  recent_.clear();
}

void Machine::backOff(Actions& actions, const Rules& rules, core::Instant now) {
  count(tries_);
  due_ = std::max(now + delayAfterFailure(pacingOf(rules), tries_, rules.chance), started_ + kFailurePace);
  enter(ProcessState::Backoff, actions);
  if (rules.startRetries == kForEver || tries_ <= rules.startRetries) return;
  fatal(actions, now);
}

/// A start that has not ended yet has failed.
void Machine::fail(std::string_view why, Actions& actions, const Rules& rules, core::Instant now) {
  blame(why);
  stop(actions, rules, now);
  afterStop_ = AfterStop::BackOff;
}

/// When a program that did run may be started again.
core::Instant Machine::afterRun(const Rules& rules, core::Instant now) noexcept {
  if (now >= started_ + kLongRun) streak_ = 0;
  count(streak_);
  return std::max(now + delayAfterRun(pacingOf(rules), streak_, rules.chance), started_ + kRestartPace);
}

void Machine::handle(const input::Start&, Actions& actions, const Rules&, core::Instant now) {
  if (state_ != ProcessState::Backoff && (!isStopped(state_) || state_ == ProcessState::Unknown)) return;
  restarts_ = streak_ = 0;
  recent_.clear();
  start(actions, now);
}

void Machine::handle(const input::GiveUp&, Actions& actions, const Rules&, core::Instant) {
  if (state_ == ProcessState::Stopping) afterStop_ = AfterStop::Stay;
  if (state_ != ProcessState::Backoff) return;
  tries_ = 0;
  due_ = {};
  enter(ProcessState::Fatal, actions, false, false);
}

void Machine::handle(const input::Spawned&, Actions&, const Rules& rules, core::Instant now) {
  if (state_ != ProcessState::Starting) return;
  started_ = now;
  preparing_ = false;
  due_ = now + rules.startLimit();
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
    case ProcessState::Stopping: return stopped(actions, rules, now);
    case ProcessState::Unknown: return enter(ProcessState::Stopped, actions);
    case ProcessState::Starting:
      if (!(rules.oneshot && expected) && (rules.awaitReady || now < started_ + rules.startSeconds)) {
        exitCode_ = 0;  // clients see the exit status of completed runs only
        blame(exit.why.empty() ? kExitedTooQuickly : exit.why, exit.hint);
        return backOff(actions, rules, now);
      }
      // It ran for startSeconds, or is a oneshot that has done its work, but its exit came before the deadline that
      // announces RUNNING. Clients and listeners see STARTING, RUNNING and EXITED in any case, as in Supervisor.
      enter(ProcessState::Running, actions, false, false);
      [[fallthrough]];
    case ProcessState::Running:
      tries_ = 0;
      due_ = afterRun(rules, now);
      trouble_.clear();
      if (!expected && exit.why.empty())
        trouble_.append("Bad exit code ").append(std::to_string(exit.code));  // fits into what is reserved
      else if (!expected)
        blame(exit.why);
      return enter(ProcessState::Exited, actions, expected);
    default: return;
  }
}

void Machine::handle(const input::Deadline& passed, Actions& actions, const Rules& rules, core::Instant now) {
  const auto due = deadline(rules);
  if (!due || now < *due) return;
  switch (state_) {
    case ProcessState::Starting:
      if (rules.awaitReady) {
        try {
          return fail("not ready after " + durationText(rules.readyTimeout) + passed.remark, actions, rules, now);
        } catch (const std::exception&) {
          return fail("not ready in time", actions, rules, now);
        }
      }
      tries_ = 0;
      return enter(ProcessState::Running, actions);
    case ProcessState::Backoff: count(restarts_); return start(actions, now);
    case ProcessState::Stopped:
      if (afterStop_ == AfterStop::Restart) return restart(actions, rules, now);
      count(restarts_);
      return start(actions, now);
    case ProcessState::Exited:
    case ProcessState::Fatal: return restart(actions, rules, now);
    case ProcessState::Stopping: return stopTakesTooLong(actions, rules, now);
    default: return;
  }
}

void Machine::handle(const input::SignalFailed& failure, Actions& actions, const Rules&, core::Instant) {
  if (!isSignallable(state_) && state_ != ProcessState::Unknown) return;
  blame(failure.why);
  if (state_ != ProcessState::Unknown) enter(ProcessState::Unknown, actions);
}

void Machine::handle(const input::Preparing&, Actions&, const Rules&, core::Instant) {
  preparing_ = state_ == ProcessState::Starting;
}

void Machine::handle(const input::Ready&, Actions& actions, const Rules& rules, core::Instant) {
  if (state_ != ProcessState::Starting || !rules.awaitReady || preparing_) return;
  tries_ = 0;
  enter(ProcessState::Running, actions);
}

void Machine::handle(const input::Extend& more, Actions&, const Rules&, core::Instant) {
  if (state_ == ProcessState::Starting || state_ == ProcessState::Stopping) due_ = std::max(due_, more.until);
}

void Machine::handle(const input::Recycle& recycle, Actions& actions, const Rules& rules, core::Instant now) {
  if (state_ == ProcessState::Starting)
    return fail(recycle.why.empty() ? kExitedTooQuickly : recycle.why, actions, rules, now);
  if (state_ != ProcessState::Running) return;
  blame(recycle.why);
  stop(actions, rules, now);
  if (recycle.restart) afterStop_ = recycle.why.empty() ? AfterStop::Renew : AfterStop::Restart;
}

}  // namespace lifecycle
