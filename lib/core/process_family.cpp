// SPDX-License-Identifier: MIT
#include "lib/core/process_family.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_set>
#include <utility>

#include "lib/core/cgroup.hpp"
#include "lib/core/family_mark.hpp"
#include "lib/core/proc_files.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {
namespace {

/// The most rounds of freezing: each finds only what was started during the one before.
constexpr int kMostRounds = 40;
/// Rounds in a row that found nobody new: one may have missed a process that was replaced at that moment.
constexpr int kQuietRounds = 2;

using One = ProcessSnapshot::One;

/// False: it is a zombie, or gone.
bool readFacts(pid_t pid, One& facts) {
  std::array<char, 4096> buffer;
  const auto status = proc::read(pid, "status", buffer.data(), buffer.size());
  const auto state = proc::field(status, "\nState:");
  if (state.empty() || state.front() == 'Z' || state.front() == 'X') return false;
  facts = {pid,           proc::number<pid_t>(proc::field(status, "\nPPid:")), ::getpgid(pid),
           ::getsid(pid), proc::number<uid_t>(proc::field(status, "\nUid:")),  {}};
  return true;
}

/// Whether the pid of a leader that has ended is that of another process by now. It may not be reaped yet.
bool isAnother(pid_t leader) {
  One facts;
  return readFacts(leader, facts);
}

/// Finds the members.
class Search {
 public:
  explicit Search(const ProcessFamily& family) : family_(family), usable_(!family.ended || !isAnother(family.leader)) {}

  /// Those among the processes of a snapshot.
  [[nodiscard]] std::vector<pid_t> among(const ProcessSnapshot& now) {
    addGroup();
    for (std::size_t place = 0; place < now.all().size(); ++place) {
      const auto& one = now.all()[place];
      if (known_.count(one.pid) > 0) continue;
      consider(one, belongs(one) || (looksForMarks(one) && now.markOf(place) == family_.mark));
    }
    addDescendants();
    return std::move(found_);
  }
  /// Those of now. Each is frozen immediately when it is found, those in the control group by that.
  [[nodiscard]] std::vector<pid_t> freezeAll() {
    addGroup();
    freezes_ = true;
    const pid_t self = ::getpid();
    const auto pids = proc::allPids();
    for (auto at = pids.rbegin(); at != pids.rend(); ++at) {
      One one;
      if (*at != self && *at > 1 && known_.count(*at) == 0 && readFacts(*at, one))
        consider(one, belongs(one) || isMarked(one));
    }
    addDescendants();
    return std::move(found_);
  }

 private:
  /// An account that owns the group may have moved us into it: then all our programs would descend from a member.
  void addGroup() {
    if (family_.group < 0) return;
    for (const pid_t pid : cgroup::members(family_.group, true))
      if (pid > 1 && pid != ::getpid() && known_.insert(pid).second) found_.push_back(pid);
  }
  /// Numbers of a leader that has been reaped mean nothing once another process has its pid.
  [[nodiscard]] bool belongs(const One& one) const {
    return usable_ && (one.pid == family_.leader || one.session == family_.leader || one.group == family_.leader);
  }
  [[nodiscard]] bool looksForMarks(const One& one) const {
    return family_.tree && family_.mark != 0 && (one.uid == family_.account || one.uid == 0);
  }
  [[nodiscard]] bool isMarked(const One& one) const {
    return looksForMarks(one) && family_mark::get(one.pid) == family_.mark;
  }
  void consider(const One& one, bool member) {
    if (member)
      add(one.pid);
    else if (family_.tree)
      others_.push_back(one);
  }
  void add(pid_t pid) {
    found_.push_back(pid);
    known_.insert(pid);
    if (freezes_) freeze(pid);
  }
  /// The process of the descriptor is the one of the facts if it still runs after they have been read again.
  void freeze(pid_t pid) {
    const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    One now;
    const bool member = fd && readFacts(pid, now) && (belongs(now) || known_.count(now.parent) > 0 || isMarked(now));
    if (member) (void)::syscall(SYS_pidfd_send_signal, fd.get(), SIGSTOP, nullptr, 0);
  }
  void addDescendants() {
    for (bool more = true; more;) {
      more = false;
      std::erase_if(others_, [&](const One& one) {
        if (known_.count(one.parent) == 0) return false;
        add(one.pid);
        return more = true;
      });
    }
  }

  const ProcessFamily& family_;
  bool usable_;
  bool freezes_ = false;
  std::vector<pid_t> found_;
  std::unordered_set<pid_t> known_;
  std::vector<One> others_;
};

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

}  // namespace

ProcessSnapshot ProcessSnapshot::take() {
  ProcessSnapshot out;
  const pid_t self = ::getpid();
  const auto pids = proc::allPids();
  out.all_.reserve(pids.size());
  for (auto at = pids.rbegin(); at != pids.rend(); ++at) {
    One one;
    if (*at != self && *at > 1 && readFacts(*at, one)) out.all_.push_back(one);
  }
  return out;
}

ProcessSnapshot ProcessSnapshot::of(const std::vector<pid_t>& pids) {
  ProcessSnapshot out;
  for (const pid_t pid : pids) {
    One one;
    if (readFacts(pid, one)) out.all_.push_back(one);
  }
  return out;
}

std::uint64_t ProcessSnapshot::markOf(std::size_t place) const {
  auto& one = all_[place];
  if (!one.mark) one.mark = family_mark::get(one.pid);
  return *one.mark;
}

std::vector<pid_t> listFamily(const ProcessFamily& family, const ProcessSnapshot& now) {
  return Search(family).among(now);
}

/// Each is held by a descriptor before a second search, of those alone, confirms that the pid is still that of a
/// member.
int signalFamily(const ProcessFamily& family, int signo, const ProcessSnapshot& now) {
  auto members = listFamily(family, now);
  const pid_t leader = family.ended ? 0 : family.leader;
  // It may be younger than `now`. Another process that has its pid is found out below.
  if (leader != 0 && std::find(members.begin(), members.end(), leader) == members.end()) members.push_back(leader);
  std::vector<std::pair<pid_t, UniqueFd>> held;
  int failed = 0;
  for (const pid_t pid : members) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd && errno != ESRCH) failed = errno;
    if (fd) held.emplace_back(pid, std::move(fd));
  }
  auto still = listFamily(family, ProcessSnapshot::of(members));
  std::sort(still.begin(), still.end());
  for (const auto& [pid, fd] : held) {
    if (pid != leader && !std::binary_search(still.begin(), still.end(), pid)) continue;
    if (::syscall(SYS_pidfd_send_signal, fd.get(), signo, nullptr, 0) != 0 && errno != ESRCH) failed = errno;
  }
  return failed;
}

int killFamily(const ProcessFamily& family, const ProcessSnapshot& now) {
  const bool grouped = family.group >= 0;
  if (grouped && !hasOthers(family, now) && cgroup::kill(family.group) == 0) return 0;
  // What is in the group cannot leave it then, or start what is outside.
  if (grouped) (void)cgroup::write(family.group, "cgroup.freeze", "1");
  std::unordered_set<pid_t> frozen;
  for (int round = 0, quiet = 0; round < kMostRounds && quiet < kQuietRounds; ++round) {
    bool more = false;
    for (const pid_t pid : Search(family).freezeAll()) more |= frozen.insert(pid).second;
    quiet = more ? 0 : quiet + 1;
  }
  // First those outside: it is known from whom they descend as long as all live.
  int failed = signalFamily(family, SIGKILL);
  if (grouped && cgroup::kill(family.group) != 0)
    if (const int code = killOneByOne(family); code != 0) failed = code;
  if (grouped) (void)cgroup::write(family.group, "cgroup.freeze", "0");
  return failed;
}

}  // namespace core
