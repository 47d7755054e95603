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

namespace instances {

/// The environment variable by which the processes of an instance are known.
inline constexpr const char* kMark = "SUPERVISOR_MANAGER_INSTANCE";

/// One process, as /proc shows it.
struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  uid_t uid = 0;
  std::uint64_t startTime = 0;  ///< clock ticks since boot: with the pid, a name that is never used again
  bool zombie = false;
  std::uint64_t cpuTicks = 0;       ///< its own and those of the children it has waited for
  std::uint64_t residentPages = 0;  ///< shared ones too
};

[[nodiscard]] std::optional<ProcessInfo> lookAt(pid_t pid);
/// The value of a variable in the environment that the process began with; nothing if that cannot be read.
[[nodiscard]] std::optional<std::string> environmentOf(pid_t pid, const std::string& variable);

/// The program that a process runs: its path, and the file itself, which keeps its identity when an upgrade replaces it.
struct Executable {
  std::string path;
  std::string file;  ///< device and inode
};
/// Empty where that cannot be seen.
[[nodiscard]] Executable executableOf(pid_t pid);

[[nodiscard]] std::vector<ProcessInfo> allProcesses();
[[nodiscard]] const std::string& bootId();

/// One look at all processes, shared by who can do with a recent one.
class ProcessSnapshot {
 public:
  [[nodiscard]] const std::vector<ProcessInfo>& get(core::Duration maximumAge);
  /// The sums of a process and all that descend from it: a page that several share counts for each.
  [[nodiscard]] Usage usageOf(pid_t root, core::Duration maximumAge);

 private:
  std::vector<ProcessInfo> processes_;
  std::multimap<pid_t, const ProcessInfo*> children_;  ///< by parent; made when first needed
  core::Instant taken_{};
};

/// A pidfd of `pid`, or an invalid one.
[[nodiscard]] core::UniqueFd openPidfd(pid_t pid) noexcept;
/// A pidfd of exactly that process: looked at again once the descriptor holds it.
[[nodiscard]] core::UniqueFd openPidfd(const ProcessInfo& process);
/// Sends through the pidfd; returns 0 or an errno.
int signalTo(const core::UniqueFd& pidfd, int signo) noexcept;

/// How the processes of an instance are told from others. All of them have the owner's uid or descend from one.
struct Traits {
  uid_t uid = 0;
  std::string mark;         ///< value of kMark
  pid_t mainPid = 0;        ///< never part of the result; 0: none
  std::set<pid_t> groups;   ///< process groups of its programs
  std::set<pid_t> members;  ///< pids in its control group
  /// For processes left to the manager: whether such a child of `parent` can only be this instance's.
  pid_t orphansOf = 0;
  std::function<bool(pid_t)> known;  ///< children of the manager that are something else
};
/// The processes of an instance and their descendants, without zombies and without the main process.
[[nodiscard]] std::vector<ProcessInfo> belongingTo(const Traits& traits, const std::vector<ProcessInfo>& all);

}  // namespace instances
