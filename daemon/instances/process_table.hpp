// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/instances/status.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/unique_fd.hpp"

/// Looking at processes from the manager's own process. Only files of /proc that cannot block are read here: `status`,
/// `statm` and `cgroup`. Others (`stat`, `environ`, `exe`, `fd`, …) wait while the process is in the middle of an exec,
/// or (`cmdline`, `environ`, `maps`) while its memory map changes, and an account can make either last forever with a
/// file system of its own. A helper reads those: process_details.hpp.
namespace instances {

/// One process, as its `status` in /proc shows it.
struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  uid_t uid = 0;  ///< the real one
  bool zombie = false;
};

[[nodiscard]] std::optional<ProcessInfo> lookAt(pid_t pid);
[[nodiscard]] std::vector<ProcessInfo> allProcesses();
/// The first 15 bytes of the name of a process's program; empty if it is gone.
[[nodiscard]] std::string nameOf(pid_t pid);
/// The cgroup v2 path of a process, as in /proc/PID/cgroup; empty if it has none or is gone.
[[nodiscard]] std::string controlGroupOf(pid_t pid);
[[nodiscard]] const std::string& bootId();

/// One look at all processes, shared by callers for which a recent one is enough.
class ProcessSnapshot {
 public:
  [[nodiscard]] const std::vector<ProcessInfo>& get(core::Duration maximumAge);
  /// A process and all that descend from it. Any account may ask for this, and may have thousands of processes: the
  /// look may be older than `maximumAge`, so that looking takes a small part of the manager's time.
  [[nodiscard]] std::vector<pid_t> treeOf(pid_t root, core::Duration maximumAge);

 private:
  std::vector<ProcessInfo> processes_;
  std::multimap<pid_t, pid_t> children_;  ///< by parent; made when first needed
  core::Instant taken_{};
  core::Duration cost_{};
};

/// The sums of these processes: memory that several share counts for each, processor time is that of the processes
/// themselves since they began. At most a thousand are looked at.
[[nodiscard]] Usage usageOf(const std::vector<pid_t>& pids);

/// A pidfd of `pid`, or an invalid one.
[[nodiscard]] core::UniqueFd openPidfd(pid_t pid) noexcept;
/// Sends through the pidfd; returns 0 or an errno.
int signalTo(const core::UniqueFd& pidfd, int signo) noexcept;

/// How the processes of an instance are recognized where there are no control groups. All of them have the
/// owner's uid or descend from one.
struct ProcessMatcher {
  uid_t uid = 0;
  pid_t mainPid = 0;       ///< never part of the result; 0: none
  std::set<pid_t> groups;  ///< process groups of its programs
  std::set<pid_t> marked;  ///< those that are known by the mark in their environment
  /// For processes left to the manager: whether such a child of `parent` can only be this instance's.
  pid_t orphansOf = 0;
  std::function<bool(pid_t)> known;  ///< children of the manager that are something else
};
/// The processes of an instance and their descendants, without zombies and without the main process.
[[nodiscard]] std::vector<ProcessInfo> belongingTo(const ProcessMatcher& matcher, const std::vector<ProcessInfo>& all);
/// The processes of `uid` whose instance only their environment shows: they descend from none of the main
/// processes in `mains`.
[[nodiscard]] std::vector<pid_t> strays(uid_t uid, const std::set<pid_t>& mains, const std::vector<ProcessInfo>& all);

}  // namespace instances
