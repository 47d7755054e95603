// SPDX-License-Identifier: MIT
#include "daemon/instances/process_looks.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <new>
#include <utility>

#include "daemon/instances/process_details.hpp"

namespace instances {
namespace {

/// How long the manager does something else after a look, per time that the look took: for what an instance needs, and
/// for what anybody may ask.
constexpr int kRestPerCost = 2;
constexpr int kPausePerCost = 20;
/// While other instances are about to end: how long a look waits for the next end, and for all of them.
constexpr auto kNextEnd = core::milliseconds(10);
constexpr auto kAllEnds = core::milliseconds(100);

}  // namespace

std::shared_ptr<const ProcessIndex> ProcessSnapshot::get(core::Duration maximumAge) {
  if (!isWithin(maximumAge)) {
    const auto now = core::Clock::now();
    index_ = std::make_shared<const ProcessIndex>(allProcesses(mains_));
    taken_ = now;
    cost_ = core::Clock::now() - now;
  }
  return index_;
}

bool ProcessSnapshot::isWithin(core::Duration maximumAge) const noexcept {
  return index_ && core::Clock::now() - taken_ <= maximumAge;
}

core::Instant ProcessSnapshot::nextLook() const noexcept { return taken_ + cost_ * (1 + kRestPerCost); }

std::vector<pid_t> ProcessSnapshot::treeOf(pid_t root, core::Duration maximumAge) {
  return get(std::max(maximumAge, cost_ * kPausePerCost))->treeOf(root);
}

std::set<pid_t> AccountLook::marked(const std::string& mark) const {
  std::set<pid_t> out;
  const auto [begin, end] = byMark_.equal_range(mark);
  for (auto at = begin; at != end; ++at)
    if (signalTo(at->second.pidfd, 0) == 0) out.insert(at->second.pid);
  return out;
}

ProcessLooks::ProcessLooks(core::EventLoop& loop, core::Reaper& reaper, ProcessSnapshot& snapshot,
                           const MainProcesses& mains, const std::size_t& stopping)
    : loop_(loop), reaper_(reaper), snapshot_(snapshot), mains_(mains), stopping_(stopping), timer_(loop, [this] {
        begin();
      }) {}

core::Task<std::shared_ptr<const AccountLook>> ProcessLooks::get(uid_t uid, core::Duration age) {
  co_return co_await core::completes<std::shared_ptr<const AccountLook>>([&](Done done) {
    lastAsked_ = core::Clock::now();
    waiting_.push_back({uid, age, lastAsked_, std::move(done)});
    armFor(waiting_.back());
  });
}

/// Until when it waits for others that are about to ask. What may be served by an old look belongs to a start, for
/// which there is nothing to wait.
core::Instant ProcessLooks::waitsUntil(const Request& request) const noexcept {
  if (stopping_ == 0 || request.age > core::Duration::zero()) return request.asked;
  return std::min(lastAsked_ + kNextEnd, request.asked + kAllEnds);
}

/// A timer, also for now: what else happens in this turn of the loop shares the look.
void ProcessLooks::armFor(const Request& request) {
  if (reading_.count(request.uid)) return;  // armed again when that has ended
  const auto now = core::Clock::now();
  const auto when = snapshot_.isWithin(request.age) ? now : std::max({now, snapshot_.nextLook(), waitsUntil(request)});
  if (timer_.armed() && armedFor_ <= when) return;
  armedFor_ = when;
  timer_.arm(when);
}

void ProcessLooks::armForAll() {
  for (const auto& request : waiting_) armFor(request);
}

void ProcessLooks::begin() {
  const auto now = core::Clock::now();
  const bool due =
      now >= snapshot_.nextLook() && std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& request) {
        return !reading_.count(request.uid) && now >= waitsUntil(request);
      });
  bool fresh = false;
  std::map<uid_t, std::vector<Done>> batch;
  std::erase_if(waiting_, [&](Request& request) {
    const bool young = snapshot_.isWithin(request.age);
    if (reading_.count(request.uid) || !(young || due)) return false;
    fresh = fresh || !young;
    batch[request.uid].push_back(std::move(request.done));
    return true;
  });
  if (!batch.empty()) {
    const auto index = snapshot_.get(fresh ? core::Duration::zero() : core::Duration::max());
    for (auto& [uid, waiting] : batch) tasks_.run(look(uid, index, std::move(waiting)));
  }
  armForAll();
}

/// Whatever happens, those who wait get an answer.
core::Task<> ProcessLooks::look(uid_t uid, std::shared_ptr<const ProcessIndex> index, std::vector<Done> waiting) {
  reading_.insert(uid);
  std::shared_ptr<const AccountLook> found;
  try {
    found = co_await readMarks(uid, std::move(index));
  } catch (const std::bad_alloc&) {
  }
  reading_.erase(uid);
  armForAll();
  for (auto& done : waiting) done(found);
}

core::Task<std::shared_ptr<const AccountLook>> ProcessLooks::readMarks(uid_t uid,
                                                                       std::shared_ptr<const ProcessIndex> index) {
  auto found = std::make_shared<AccountLook>(index);
  std::map<pid_t, core::UniqueFd> held;
  std::vector<pid_t> pids;
  for (const auto pid : index->strays(uid, mains_))
    if (auto fd = pid == ::getpid() ? core::UniqueFd() : openPidfd(pid)) {
      held.emplace(pid, std::move(fd));
      pids.push_back(pid);
    }
  if (pids.empty()) co_return found;
  const auto details = co_await readDetailsInHelper(loop_, reaper_, std::move(pids));
  if (!details) co_return found;
  for (const auto& [pid, seen] : *details)
    if (!seen.mark.empty()) found->byMark_.emplace(seen.mark, AccountLook::Stray{pid, std::move(held[pid])});
  co_return found;
}

}  // namespace instances
