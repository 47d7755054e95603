// SPDX-License-Identifier: MIT
#include "instance/process/census.hpp"

#include <signal.h>

#include <algorithm>
#include <exception>

#include "lib/core/process_family.hpp"
#include "lib/core/process_groups.hpp"

namespace process {
namespace {

constexpr core::milliseconds kCensusAge{100};
constexpr core::milliseconds kPauseWithoutMemory{100};

}  // namespace

void Census::refresh() {
  const auto now = core::Clock::now();
  if (takenAt_ != core::Instant() && now - takenAt_ < kCensusAge) return;
  members_ = core::listProcessGroups();  // first: it may throw, and then the old census stays valid
  takenAt_ = now;
}

Census::Members::const_iterator Census::first(pid_t group) const noexcept {
  return std::lower_bound(members_.begin(), members_.end(), std::pair<pid_t, pid_t>(group, 0));
}

const core::ProcessSnapshot& Census::processes(core::Instant now) {
  if (processesAt_ != core::Instant() && now - processesAt_ <= 2 * processesTook_) return processes_;
  const auto begin = core::Clock::now();
  processes_ = core::ProcessSnapshot::take();  // if it throws, the old one stays valid
  processesTook_ = core::Clock::now() - begin;
  processesAt_ = now;
  ++reads_;
  return processes_;
}

void Census::forget() noexcept {
  Members().swap(members_);
  takenAt_ = {};
  processes_ = {};
  processesAt_ = {};
}

int Census::signal(const core::ProcessFamily& family, int signo) {
  if (signo != SIGKILL) return core::signalFamily(family, signo, processes());
  if (!killing_) killing_ = std::make_unique<core::Timer>(loop_, [this] { killNow(); });
  const int failed = kill_.add(family, processes());
  if (!kill_.empty() && !killing_->armed()) killing_->arm(std::max(core::Clock::now(), killAgainAt_));
  return failed;
}

void Census::killNow() noexcept try {
  if (kill_.empty()) return;
  const auto begin = core::Clock::now();
  (void)kill_.run();
  const auto end = core::Clock::now();
  killAgainAt_ = end + 2 * (end - begin);
} catch (const std::exception&) {  // out of memory: they are frozen, and stay so until there is some
  killing_->armIn(kPauseWithoutMemory);
}

}  // namespace process
