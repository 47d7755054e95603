// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lib/lifecycle/state.hpp"

namespace instances {

/// The state of an instance, as people see it.
enum class InstanceState {
  Inactive,  ///< not running, not meant to
  Starting,  ///< its layout is applied, or its process runs and has not reported that it is ready
  Running,
  Stopping,
  Restarting,  ///< died; waits for the next try (back-off)
  Failed,      ///< died again and again, or could not start: see `reason`
  Unmanaged,   ///< described only (managed = no): never touched
};
/// "inactive", "starting", "running", "stopping", "restarting", "failed", "unmanaged".
[[nodiscard]] const char* toText(InstanceState state) noexcept;

/// One program of an instance, as the instance reported it over the notify socket.
struct ProgramStatus {
  std::string name;   ///< "program" or "group:program"
  std::string state;  ///< Supervisor's word: RUNNING, FATAL, ...
  pid_t pid = 0;
  std::string description{};  ///< why it is in trouble, or when it ended; empty: nothing to say
  bool operator==(const ProgramStatus&) const = default;
};

/// Everything about one instance at one moment; a copy, owned by the caller.
struct InstanceStatus {
  std::string name;
  InstanceState state = InstanceState::Inactive;
  std::string subState;  ///< finer, free text: "waiting for readiness", "next start in 4 s"
  pid_t mainPid = 0;     ///< 0: none
  uid_t uid = 0;
  gid_t gid = 0;
  std::string user;
  std::string group;

  std::string confFile;
  std::string logsDir;
  std::string pidDir;
  std::string socksDir;
  std::string includeDir;
  std::string supervisorctl;
  std::string socket;        ///< of the control interface
  std::string logFile;       ///< the activity log
  std::string endpoint;      ///< of the web interface; empty: none
  std::string sourceFile;    ///< the file that declares the entry
  std::string controlGroup;  ///< path below the cgroup mount; empty: none

  std::int64_t sinceWallMicros = 0;        ///< when the state was entered, CLOCK_REALTIME
  std::uint64_t sinceMonotonicMicros = 0;  ///< the same on CLOCK_MONOTONIC
  std::uint32_t restarts = 0;              ///< times it was started again after dying by itself
  std::uint32_t takeovers = 0;             ///< of them, times that its programs ran on
  std::string result = "success";          ///< last: success, exit-code, signal, unknown, timeout, resources, layout
  std::string reason;                      ///< the last failure in words for everybody; empty: none
  std::string details;                     ///< what only root and the owner may read of it

  bool enabled = true;
  bool noRemove = false;
  std::string desired;  ///< attribute `state`: started, stopped, current
  int priority = 999;
  std::map<std::string, std::uint32_t> programCounts;  ///< number of programs by Supervisor's state word
  bool programsTold = false;  ///< the instance has said which programs it has; without that the counts say nothing

  /// Whether a program of it is in trouble, though it runs itself.
  [[nodiscard]] bool isTroubled() const noexcept {
    for (const auto& [word, count] : programCounts)
      if (count > 0 && lifecycle::isTrouble(word)) return state == InstanceState::Running;
    return false;
  }
};

/// What an instance and all its processes use now. Nothing: it does not run.
struct Usage {
  std::optional<std::uint64_t> memoryBytes;
  std::optional<std::uint64_t> cpuMicros;
};

}  // namespace instances
