// SPDX-License-Identifier: MIT
#include "daemon/instances/machine.hpp"

#include <fmt/core.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <utility>

namespace instances {

std::string toText(const Exit& exit) {
  switch (exit.kind) {
    case Exit::Kind::Code: return fmt::format("exited with status {}", exit.value);
    case Exit::Kind::Signal: {
      const char* name = ::sigabbrev_np(exit.value);
      return fmt::format("was killed by signal {} ({})", exit.value, name ? name : "unknown");
    }
    case Exit::Kind::Unknown: break;
  }
  return "ended";
}

std::string causeText(const Exit& exit) {
  switch (exit.kind) {
    case Exit::Kind::Code: return fmt::format("exit status {}", exit.value);
    case Exit::Kind::Signal: return fmt::format("signal {}", exit.value);
    case Exit::Kind::Unknown: break;
  }
  return "cause unknown";
}

namespace {

constexpr std::array kResults{"success", "exit-code", "signal", "unknown", "timeout", "resources", "layout"};
static_assert(kResults.size() == static_cast<std::size_t>(RunResult::Layout) + 1);

}  // namespace

const char* toText(RunResult result) noexcept { return kResults[static_cast<std::size_t>(result)]; }

RunResult runResultFrom(std::string_view text) noexcept {
  const auto found = std::find(kResults.begin(), kResults.end(), text);
  return found == kResults.end() ? RunResult::Unknown : static_cast<RunResult>(found - kResults.begin());
}

void Machine::enter(Phase phase, core::Instant now) {
  phase_ = phase;
  since_ = now;
  deadline_.reset();
  if (phase != Phase::Spawning) orphans_ = false;
}

void Machine::fail(RunResult result, std::string reason, std::string details) {
  result_ = result;
  reason_ = std::move(reason);
  details_ = std::move(details);
}

std::string Machine::explanation() const {
  return details_.empty() ? reason_ : fmt::format("{}: {}", reason_, details_);
}

Machine::Action Machine::start(core::Instant now) {
  if (wanted_ && phase_ != Phase::Waiting) return Action::None;
  wanted_ = true;
  if (phase_ == Phase::Spawning) return Action::None;
  // After a stop, what is being prepared may no longer be what is to start.
  if (phase_ == Phase::Preparing || phase_ == Phase::Stopping || phase_ == Phase::Clearing) {
    again_ = true;
    return Action::None;
  }
  quickEnds_ = 0;  // a start by a person is a new attempt: earlier failures do not count
  failedTakeovers_ = 0;
  noTakeover_ = false;
  if (phase_ == Phase::Waiting && orphans_) return beginTakeover(now);
  restarts_ = 0;
  takeovers_ = 0;
  enter(Phase::Preparing, now);
  return Action::Prepare;
}

Machine::Action Machine::stop(core::Instant now) {
  wanted_ = false;
  again_ = false;
  switch (phase_) {
    case Phase::Starting:
    case Phase::Running:
      killed_ = false;
      enter(Phase::Stopping, now);
      deadline_ = now + rules_.stopTimeout;
      return Action::Terminate;
    case Phase::Waiting:
      if (orphans_) return clearFor(false, now);
      [[fallthrough]];
    case Phase::Failed: enter(Phase::Inactive, now); return Action::None;
    // Preparing and Spawning cannot be interrupted: prepared() and spawned() look at wanted_.
    default: return Action::None;
  }
}

Machine::Action Machine::restart(core::Instant now) {
  const bool nothingRuns = phase_ == Phase::Inactive || phase_ == Phase::Failed || phase_ == Phase::Preparing ||
                           (phase_ == Phase::Waiting && !orphans_);
  if (nothingRuns) return start(now);
  const auto action = stop(now);
  wanted_ = true;
  again_ = true;
  return action;
}

void Machine::adopt(core::Instant now) {
  wanted_ = true;
  spawnedAt_ = now;
  enter(Phase::Running, now);
}

Machine::Action Machine::prepared(core::Instant now) {
  if (phase_ != Phase::Preparing) return Action::None;
  if (again_) return prepareAgain(now);
  if (!wanted_) {
    enter(Phase::Inactive, now);
    return Action::None;
  }
  enter(Phase::Spawning, now);
  return Action::Spawn;
}

Machine::Action Machine::prepareFailed(std::string details, core::Instant now) {
  if (phase_ != Phase::Preparing) return Action::None;
  if (again_) return prepareAgain(now);
  fail(RunResult::Layout, "cannot have its files put in place", std::move(details));
  // A retry would find the same files: an administrator has to act first.
  enter(wanted_ ? Phase::Failed : Phase::Inactive, now);
  wanted_ = false;
  return Action::None;
}

Machine::Action Machine::prepareAgain(core::Instant now) {
  again_ = false;
  enter(Phase::Preparing, now);
  return Action::Prepare;
}

Machine::Action Machine::spawned(core::Instant now) {
  spawnedAt_ = now;
  enter(Phase::Starting, now);
  deadline_ = now + rules_.readyTimeout;
  if (wanted_ && !again_) return Action::None;
  // While it was being spawned, it was stopped, or its entry changed.
  const bool wanted = wanted_, again = again_;
  const auto action = stop(now);
  wanted_ = wanted;
  again_ = again;
  return action;
}

Machine::Action Machine::spawnFailed(std::string reason, core::Instant now) {
  fail(RunResult::Resources, std::move(reason));
  const bool takeover = std::exchange(takingOver_, false);
  if (again_) return prepareAgain(now);
  if (!wanted_) {
    if (takeover) return clearFor(false, now);
    enter(Phase::Inactive, now);
    return Action::None;
  }
  ++quickEnds_;
  return takeover ? afterCrash({}, true, now) : retryOrGiveUp(now);
}

void Machine::ready(core::Instant now) {
  if (phase_ != Phase::Starting) return;
  enter(Phase::Running, now);
  if (!std::exchange(takingOver_, false)) return;
  failedTakeovers_ = 0;
  ++takeovers_;
  reason_ = fmt::format("took over its programs after a crash ({})", crash_);
  details_.clear();
}

bool isKilled(const Exit& exit) { return exit.kind == Exit::Kind::Signal && exit.value == SIGKILL; }

Machine::Action Machine::exited(const Exit& exit, const std::string& explanation, core::Instant now, bool kept) {
  const bool failedTakeover = std::exchange(takingOver_, false);
  const bool deliberate = exit.kind == Exit::Kind::Code && exit.value == 0;
  byItself_ = phase_ != Phase::Stopping;
  if (!byItself_) {
    if (killed_)
      fail(RunResult::Timeout, "did not stop in time and was killed");
    else
      fail(RunResult::Success, "");
  } else if (deliberate && phase_ == Phase::Running) {
    wanted_ = false;
    fail(RunResult::Success, "was shut down by its owner");
  } else {
    const bool early = phase_ == Phase::Starting;
    const bool quick = now - spawnedAt_ < rules_.quickExit;
    fail(exit.kind == Exit::Kind::Signal ? RunResult::Signal
         : exit.kind == Exit::Kind::Code ? RunResult::ExitCode
                                         : RunResult::Unknown,
         toText(exit) + (early ? " before it was ready" : ""), explanation);
    // Only ends in quick succession count: one that ran for a while begins with the shortest delay again. So does one
    // that somebody killed while its programs live on: its own faults end it with other signals.
    quickEnds_ = quick && !(kept && isKilled(exit)) ? quickEnds_ + 1 : 1;
    if (!quick) noTakeover_ = false;
    if (kept && wanted_ && !deliberate) {
      crash_ = causeText(exit);
      return afterCrash(exit, failedTakeover, now);
    }
  }
  return clearFor(byItself_, now);
}

/// Ends what runs without its supervisord.
Machine::Action Machine::clearFor(bool byItself, core::Instant now) {
  byItself_ = byItself;
  enter(Phase::Clearing, now);
  return Action::Clear;
}

Machine::Action Machine::cleared(core::Instant now) {
  if (phase_ != Phase::Clearing) return Action::None;
  if (again_) {
    quickEnds_ = 0;
    return prepareAgain(now);
  }
  if (byItself_ && wanted_) return retryOrGiveUp(now);
  enter(Phase::Inactive, now);
  return Action::None;
}

Machine::Action Machine::retryOrGiveUp(core::Instant now) {
  if (quickEnds_ >= rules_.startLimit) {
    reason_ = fmt::format("failed {} times in a row; the last time it {}", quickEnds_, reason_);
    wanted_ = false;
    enter(Phase::Failed, now);
    return Action::None;
  }
  enter(Phase::Waiting, now);
  deadline_ = now + backOff();
  return Action::None;
}

core::Duration Machine::backOff() const {
  auto delay = rules_.restartDelay;
  for (int i = 1; i < quickEnds_ && delay < rules_.restartDelayMax; ++i) delay *= 2;
  return std::min(delay, rules_.restartDelayMax);
}

Machine::Action Machine::expire(core::Instant now) {
  if (!deadline_ || now < *deadline_) return Action::None;
  deadline_.reset();
  switch (phase_) {
    case Phase::Starting:
      ready(now);  // alive this long: an instance that never sends READY=1 counts as running
      return Action::None;
    case Phase::Stopping:
      if (!killed_) {
        killed_ = true;
        deadline_ = now + rules_.killTime;
        return Action::KillTree;
      }
      byItself_ = false;
      fail(RunResult::Timeout, "did not stop, was killed, and hangs in the kernel");
      enter(Phase::Clearing, now);
      return Action::Abandon;
    case Phase::Waiting:
      if (orphans_) return beginTakeover(now);
      ++restarts_;
      enter(Phase::Preparing, now);
      return Action::Prepare;
    default: return Action::None;
  }
}

}  // namespace instances
