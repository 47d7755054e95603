// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "daemon/instances/record.hpp"
#include "daemon/instances/runner.hpp"
#include "lib/core/log.hpp"
#include "lib/core/notify.hpp"

/// How an instance goes from one manager to the next.
namespace instances {
namespace {

std::uint64_t microsOf(core::Instant instant) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<core::microseconds>(instant.time_since_epoch()).count());
}

}  // namespace

bool Runner::isRecorded() const {
  if (!record_) return false;
  const auto seen = context_.seen.find(record_->pid);
  if (seen == context_.seen.end()) return false;
  if (isSame(*record_, runsAs_, persistent_.mark, seen->second)) return true;
  // What hangs cannot be looked at; that it is in the group and has the number of the record says the same.
  const auto now = seen->second.details.startTime == 0 ? lookAt(record_->pid) : std::nullopt;
  return now && !now->zombie && now->uid == runsAs_ &&
         context_.groups.instanceAt(controlGroupOf(now->pid)) == entry_.name && signalTo(seen->second.pidfd, 0) == 0;
}

/// Makes a record of a process that has none.
bool Runner::recognise() {
  const auto supervisord = executableAt(context_.supervisord);
  for (const auto& [pid, seen] : context_.seen) {
    if (!looksLike(supervisord, entry_.confFile, uid(), persistent_.mark, pid, seen)) continue;
    Record record;
    // What began after the record was written was started since, by a manager that could not write it down.
    record.wanted = !record_ || record_->wanted || beganAfter(*record_, seen.details.startTime);
    record.pid = pid;
    record.startTime = seen.details.startTime;
    record.uid = uid();
    record.executable = seen.details.executable;
    record.sinceWall = core::wallMicros();
    record.sinceMonotonic = static_cast<std::uint64_t>(
        std::chrono::duration_cast<core::microseconds>(core::Clock::now().time_since_epoch()).count());
    runsAs_ = record.uid;
    record_ = std::make_unique<const Record>(std::move(record));
    log().warn("instance '{}': no record of it was left; pid {} is recognised by its program and its mark", entry_.name,
               pid);
    return true;
  }
  return false;
}

bool Runner::adopt() {
  if (!entry_.managed) return false;
  if (!isRecorded()) {
    if (record_ && record_->wanted) lostRestarts_ = record_->nextRestarts;
    if (!recognise()) return false;
  }
  const auto seen = context_.seen.find(record_->pid);
  auto pidfd = std::move(seen->second.pidfd);
  startTime_ = record_->startTime;
  executable_ = record_->executable;
  usage_.resume(record_->cpuBefore);
  machine_.setLastEnd(record_->result, record_->reason);
  machine_.setRestarts(record_->restarts);
  const auto crash = core::Instant(core::microseconds(record_->lastCrash));
  machine_.setTakeovers(record_->takeovers, record_->lastCrash > 0 ? std::optional(crash) : std::nullopt);
  const auto since = core::Instant(core::microseconds(record_->sinceMonotonic));
  machine_.adopt(std::min(since, core::Clock::now()));
  const auto info = lookAt(record_->pid);
  watchMain(record_->pid, std::move(pidfd), info && info->parent == ::getpid());
  seenPhase_ = machine_.phase();
  sinceWall_ = record_->sinceWall;
  // It is in its control group; the limits may have been taken back between the two managers.
  limitsError_ = context_.groups.prepare(entry_.name, entry_.limits, groupOwner(), false).error;
  if (!limitsError_.empty())
    log().warn("instance '{}' runs without (all of) its limits: {}", entry_.name, limitsError_);
  // It tells its programs again, and sends all descriptors.
  if (context_.stores.find(entry_.name)) store().expectAll();
  if (openNotify()) (void)signalTo(pidfd_, core::notify::kNewManagerSignal);
  resumeExits();
  writeRecord();
  log().info("instance '{}' runs already (pid {}): taken over", entry_.name, pid_);
  listener_.changed(*this);
  return true;
}

Record Runner::makeRecord() const {
  Record record;
  record.wanted = machine_.wanted() || resume_;
  record.stopping = machine_.phase() == Machine::Phase::Stopping;
  record.pid = pid_;
  record.uid = runsAs_;
  record.startTime = startTime_;
  record.executable = executable_;
  record.result = machine_.result();
  record.reason = machine_.reason();
  record.cpuBefore = usage_.cpuBefore();
  record.restarts = machine_.restarts();
  if (record.wanted && !resume_) record.nextRestarts = machine_.restarts() + (machine_.isNextStartARestart() ? 1 : 0);
  record.takeovers = machine_.takeovers();
  if (const auto crash = machine_.lastCrash()) record.lastCrash = microsOf(*crash);
  record.sinceWall = sinceWall_;
  record.sinceMonotonic = microsOf(machine_.since());
  return record;
}

}  // namespace instances
