// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "daemon/entries/entry.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

/// The part of the cgroup v2 tree that systemd delegated to the manager's unit: one group for each instance. Where
/// there is none, everything but limits works.
class ControlGroups {
 public:
  /// Looks where this process is, and moves it into a group of its own below ("manager"), since only leaves may have
  /// processes once controllers are passed on.
  [[nodiscard]] static ControlGroups detect();

  /// For a process that systemd runs beside a manager that has ended (ExecStopPost): takes the controllers back from
  /// the groups of the instances, so that systemd can put the next manager into the unit's group. That one sets the
  /// limits again.
  static void release();

  [[nodiscard]] bool available() const noexcept { return !base_.empty(); }
  /// Why not, for messages: a complete clause.
  [[nodiscard]] const std::string& obstacle() const noexcept { return obstacle_; }

  /// The group of `instance`, made if missing, with these limits (and no others). An error names the limit that could
  /// not be set; the descriptor for starting a process in the group is valid nevertheless.
  struct Group {
    core::UniqueFd fd;
    std::string error;
  };
  [[nodiscard]] Group prepare(const std::string& instance, const entries::ControlGroupLimits& limits);
  /// Removes the group, if it is empty.
  void remove(const std::string& instance) const;
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
  [[nodiscard]] std::string enable(const std::string& controller);
  [[nodiscard]] std::string limit(const std::string& instance, const char* controller, const char* file,
                                  const std::string& value);

  std::string mount_;
  std::string base_;  // the delegated group, below the mount point
  std::string obstacle_;
};

}  // namespace instances
