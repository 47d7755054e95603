// SPDX-License-Identifier: MIT
#include "lib/core/process_family.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <unordered_set>
#include <utility>

#include "lib/core/cgroup.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {
namespace {

using By = ProcessSnapshot::By;

/// Finds the members among the processes of a snapshot.
class Search {
 public:
  Search(const ProcessFamily& family, const ProcessSnapshot& now) : family_(family), now_(now) {}

  [[nodiscard]] std::vector<pid_t> run() {
    addGroup();
    if (family_.hasNumbers())
      for (const auto by : {By::Pid, By::Session, By::Group}) addAll(by, family_.leader);
    if (!family_.tree) return std::move(found_);
    if (family_.mark != 0)
      for (const auto& [mark, place] : now_.find(By::Mark, family_.mark))
        if (const auto& one = now_.all()[place]; family_.countsMarkOf(one)) add(one.pid);
    for (std::size_t i = 0; i < found_.size(); ++i) addAll(By::Parent, found_[i]);
    return std::move(found_);
  }

 private:
  /// An account that owns the group may have moved us into it: then all our programs would descend from a member.
  void addGroup() {
    if (family_.group < 0) return;
    for (const pid_t pid : cgroup::members(family_.group, true))
      if (pid > 1 && pid != ::getpid()) add(pid);
  }
  void addAll(By by, pid_t number) {
    for (const auto& [key, place] : now_.find(by, static_cast<std::uint64_t>(number))) add(now_.all()[place].pid);
  }
  void add(pid_t pid) {
    if (known_.insert(pid).second) found_.push_back(pid);
  }

  const ProcessFamily& family_;
  const ProcessSnapshot& now_;
  std::vector<pid_t> found_;
  std::unordered_set<pid_t> known_;
};

}  // namespace

/// The leader may not be reaped yet, and is a zombie then.
bool ProcessFamily::hasNumbers() const { return !ended || !ProcessSnapshot::look(leader); }

std::vector<pid_t> listFamily(const ProcessFamily& family, const ProcessSnapshot& now) {
  return Search(family, now).run();
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

}  // namespace core
