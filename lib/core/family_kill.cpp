// SPDX-License-Identifier: MIT
#include "lib/core/family_kill.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "lib/core/cgroup.hpp"
#include "lib/core/family_mark.hpp"
#include "lib/core/proc_files.hpp"

namespace core {
namespace {

/// The most looks: each finds only what was started during the one before.
constexpr int kMostRounds = 40;
/// Looks in a row that found nobody new: one may have missed a process that was replaced at that moment.
constexpr int kQuietRounds = 2;

/// Whether members, or the leader, have left the control group.
bool hasOthers(const ProcessFamily& family, const ProcessSnapshot& now) {
  auto inside = cgroup::members(family.group, true);
  std::sort(inside.begin(), inside.end());
  const auto isInside = [&](pid_t pid) { return std::binary_search(inside.begin(), inside.end(), pid); };
  const auto all = listFamily(family, now);
  return (!family.ended && !isInside(family.leader)) || !std::all_of(all.begin(), all.end(), isInside);
}

/// For a kernel that cannot end a control group in one call.
int killOneByOne(const ProcessFamily& family) {
  int failed = 0;
  for (int round = 0; round < kMostRounds && cgroup::isPopulated(family.group).value_or(false); ++round)
    failed = signalFamily(family, SIGKILL);
  return failed;
}

/// First those outside of the control group: it is known from whom they descend as long as all live. 0 or an errno.
int endFrozen(const ProcessFamily& family, const std::vector<pid_t>& members) {
  int failed = signalFamily(family, SIGKILL, ProcessSnapshot::of(members));
  if (family.group < 0) return failed;
  if (cgroup::kill(family.group) != 0)
    if (const int code = killOneByOne(family); code != 0) failed = code;
  (void)cgroup::write(family.group, "cgroup.freeze", "0");
  return failed;
}

}  // namespace

int FamilyKill::add(const ProcessFamily& family, const ProcessSnapshot& now) {
  Doomed doomed{family, {}, {}};
  if (family.group >= 0) {
    if (!hasOthers(family, now) && cgroup::kill(family.group) == 0) return 0;
    doomed.group.reset(::fcntl(family.group, F_DUPFD_CLOEXEC, 3));
    doomed.family.group = doomed.group.get();
    // What is in the group cannot leave it then, or start what is outside.
    if (doomed.group) (void)cgroup::write(family.group, "cgroup.freeze", "1");
  }
  families_.push_back(std::move(doomed));
  return signalFamily(family, SIGSTOP, now);
}

int FamilyKill::run() {
  for (std::size_t place = 0; place < families_.size(); ++place) {
    const auto& family = families_[place].family;
    if (family.hasNumbers()) byLeader_.emplace(family.leader, place);
    if (family.tree && family.mark != 0) byMark_.emplace(family.mark, place);
    if (family.group < 0) continue;
    for (const pid_t pid : cgroup::members(family.group, true))
      if (pid > 1 && pid != ::getpid()) keep(pid, place);
  }
  for (int round = 0, quiet = 0; round < kMostRounds && quiet < kQuietRounds; ++round)
    quiet = freezeOthers() ? 0 : quiet + 1;
  int failed = 0;
  for (const auto& [family, group, members] : families_)
    if (const int code = endFrozen(family, members); code != 0) failed = code;
  *this = {};
  return failed;
}

/// One look at all processes. Each member is frozen immediately when it is found. Returns whether there was a new one.
bool FamilyKill::freezeOthers() {
  bool found = false;
  std::unordered_multimap<pid_t, pid_t> children;  // of those that are not members, by their parents
  const pid_t self = ::getpid();
  const auto pids = proc::allPids();
  for (auto at = pids.rbegin(); at != pids.rend(); ++at) {  // the youngest first, as in a snapshot
    if (*at == self || *at <= 1 || known_.contains(*at)) continue;
    const auto one = ProcessSnapshot::look(*at);
    if (!one) continue;
    auto place = placeOf(*one);
    if (place == kNone) place = placeOfMark(*one);
    if (place == kNone) {
      children.emplace(one->parent, one->pid);
      continue;
    }
    found = true;  // also if it is gone by now: it may have started others
    freeze(one->pid, place);
  }
  // Those that this look has passed before it found their parents.
  std::vector<pid_t> parents;
  for (const auto& [pid, place] : known_) parents.push_back(pid);
  for (std::size_t i = 0; i < parents.size(); ++i) {
    const auto place = known_.at(parents[i]);
    if (!families_[place].family.tree) continue;
    const auto [first, last] = children.equal_range(parents[i]);
    for (auto child = first; child != last; ++child) {
      found = true;
      freeze(child->second, place);
      if (known_.contains(child->second)) parents.push_back(child->second);
    }
  }
  return found;
}

/// The process of the descriptor is the member that was found if it still runs after its facts have been read again.
void FamilyKill::freeze(pid_t pid, std::size_t place) {
  const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const auto now = fd ? ProcessSnapshot::look(pid) : std::nullopt;
  if (!now || (placeOf(*now) != place && placeOfMark(*now) != place)) return;
  (void)::syscall(SYS_pidfd_send_signal, fd.get(), SIGSTOP, nullptr, 0);
  keep(pid, place);
}

/// By the session and group of a leader, and by a parent that is known.
std::size_t FamilyKill::placeOf(const ProcessSnapshot::One& one) const {
  for (const pid_t leader : {one.pid, one.session, one.group})
    if (const auto at = byLeader_.find(leader); at != byLeader_.end()) return at->second;
  const auto parent = known_.find(one.parent);
  return parent != known_.end() && families_[parent->second].family.tree ? parent->second : kNone;
}

std::size_t FamilyKill::placeOfMark(const ProcessSnapshot::One& one) const {
  if (byMark_.empty()) return kNone;
  const auto at = byMark_.find(family_mark::get(one.pid));
  return at != byMark_.end() && families_[at->second].family.countsMarkOf(one) ? at->second : kNone;
}

void FamilyKill::keep(pid_t pid, std::size_t place) {
  if (known_.emplace(pid, place).second) families_[place].members.push_back(pid);
}

int killFamily(const ProcessFamily& family) {
  FamilyKill kill;
  const int first = kill.add(family, ProcessSnapshot::take());
  const int code = kill.empty() ? 0 : kill.run();
  return first != 0 ? first : code;
}

}  // namespace core
