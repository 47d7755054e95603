// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

/// The account that divides the group of an instance among its programs. Without a uid: ourselves.
struct GroupOwner {
  std::optional<uid_t> uid;
  gid_t gid = 0;
};

/// The part of the cgroup v2 tree that systemd delegated to the manager's unit: one group for each instance, and below
/// it one for its supervisord. The account of the instance owns the group and may make others below it, one for each
/// program; the files of the limits are root's. It may change what is below at any time. Where there is no tree,
/// everything but limits works.
class ControlGroups {
 public:
  /// Looks where this process is, and moves it into a group of its own below ("manager"), since only leaves may have
  /// processes once controllers are passed on.
  [[nodiscard]] static ControlGroups detect();

  /// For a process that systemd runs beside a manager that has ended (ExecStopPost): takes the controllers back from
  /// the groups of the instances, so that systemd can put the next manager into the unit's group. That one sets the
  /// limits again. An instance whose account prevents that is killed.
  static void release();

  [[nodiscard]] bool available() const noexcept { return !base_.empty(); }
  /// Why not, for messages: a complete clause.
  [[nodiscard]] const std::string& obstacle() const noexcept { return obstacle_; }

  /// The group of `instance`, made if missing, with these limits (and no others). An error names the limit that could
  /// not be set; the descriptor for starting its supervisord is valid nevertheless. `empty`: nothing of it runs, and
  /// what its account has made below is removed.
  struct Group {
    core::UniqueFd fd;
    std::string error;
  };
  [[nodiscard]] Group prepare(const std::string& instance, const entries::ControlGroupLimits& limits,
                              const GroupOwner& owner, bool empty);
  /// Passes controllers on to all instances, for limits of programs. Empty, or why that cannot be.
  [[nodiscard]] std::string passOn(const std::vector<std::string>& controllers);
  /// Removes the group with those below it; false if it has processes.
  bool remove(const std::string& instance) const;
  /// Kills all its processes in one call. False: the kernel has no cgroup.kill, or there is no group.
  bool kill(const std::string& instance) const;
  /// Whether there is a group of `instance`: then every process of the instance is in it.
  [[nodiscard]] bool has(const std::string& instance) const;
  /// The instance whose group has this path; empty: none's.
  [[nodiscard]] std::string instanceAt(const std::string& path) const;
  [[nodiscard]] std::set<pid_t> members(const std::string& instance) const;
  [[nodiscard]] std::optional<std::uint64_t> memory(const std::string& instance) const;
  [[nodiscard]] std::optional<std::uint64_t> cpuMicros(const std::string& instance) const;
  /// Below the mount point, as /proc/PID/cgroup has it; empty without groups.
  [[nodiscard]] std::string pathOf(const std::string& instance) const;

 private:
  [[nodiscard]] std::string directoryOf(const std::string& instance) const;
  [[nodiscard]] core::UniqueFd open(const std::string& instance) const;
  [[nodiscard]] static core::UniqueFd divide(int group, const GroupOwner& owner);
  [[nodiscard]] std::string enable(const std::string& controller);
  [[nodiscard]] std::string limit(int group, const char* controller, const char* file, const std::string& value);

  std::string mount_;
  std::string base_;  // the delegated group, below the mount point
  std::string obstacle_;
};

}  // namespace instances
