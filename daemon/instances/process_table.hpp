// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
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

/// The main processes of the instances that run.
struct MainProcess {
  uid_t uid = 0;
  bool child = false;  ///< of this process, and not reaped: its number is its own, and it leads a session
};
using MainProcesses = std::map<pid_t, MainProcess>;

/// All processes. Of those in `mains` that are children, nothing is read: what it would say is known.
[[nodiscard]] std::vector<ProcessInfo> allProcesses(const MainProcesses& mains = {});
/// The first 15 bytes of the name of a process's program; empty if it is gone.
[[nodiscard]] std::string nameOf(pid_t pid);
/// The cgroup v2 path of a process, as in /proc/PID/cgroup; empty if it has none or is gone.
[[nodiscard]] std::string controlGroupOf(pid_t pid);
[[nodiscard]] const std::string& bootId();

/// The sums of these processes: memory that several share counts for each, processor time is that of the processes
/// themselves since they began. At most a thousand are looked at.
[[nodiscard]] Usage usageOf(const std::vector<pid_t>& pids);

/// A pidfd of `pid`, or an invalid one.
[[nodiscard]] core::UniqueFd openPidfd(pid_t pid) noexcept;
/// Sends through the pidfd; returns 0 or an errno.
int signalTo(const core::UniqueFd& pidfd, int signo) noexcept;

}  // namespace instances
