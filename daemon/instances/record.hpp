// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/instances/machine.hpp"
#include "daemon/instances/process_details.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

/// What the manager writes down about an instance while the system runs, so that a later manager finds it again.
/// In a directory that only the manager's user can enter, on a file system that is empty after a boot.
struct Record {
  /// All that counts of it for a manager that finds the process gone.
  struct ForNextStart {
    bool wanted = false;
    std::uint32_t restarts = 0;
    bool operator==(const ForNextStart&) const = default;
  };

  bool wanted = false;    ///< it was meant to run
  pid_t pid = 0;          ///< 0: it did not
  bool stopping = false;  ///< it was being stopped: with `wanted`, to be started again
  std::uint64_t startTime = 0;
  uid_t uid = 0;
  Executable executable;
  std::string boot;
  std::uint32_t restarts = 0;
  std::uint32_t nextRestarts = 0;  ///< what that count is after a start by a manager that finds it gone
  std::uint32_t takeovers = 0;
  std::uint64_t lastCrash = 0;            ///< microseconds of CLOCK_MONOTONIC; 0: none
  RunResult result = RunResult::Success;  ///< of its last end
  std::string reason;
  std::uint64_t cpuBefore = 0;  ///< microseconds that its control group had used before this run
  std::int64_t sinceWall = 0;   ///< microseconds
  std::uint64_t sinceMonotonic = 0;

  [[nodiscard]] ForNextStart forNextStart() const noexcept { return {wanted, nextRestarts}; }
  /// Nothing, if there is none of this boot.
  [[nodiscard]] static std::optional<Record> read(const std::string& path);
  [[nodiscard]] core::Status write(const std::string& path) const;
};

/// A process of a record, as a later manager sees it: held by the descriptor before its details were read.
struct SeenProcess {
  core::UniqueFd pidfd;
  ProcessDetails details;
};
/// Whether `seen` is the very process of the record, and still runs: same start time, `uid` is its user, it runs the
/// same program (or what an upgrade put in its place), and its environment has `mark`.
[[nodiscard]] bool isSame(const Record& record, uid_t uid, const std::string& mark, const SeenProcess& seen);
/// Whether a process with this start time (in clock ticks since boot) began after the event that the record describes.
[[nodiscard]] bool beganAfter(const Record& record, std::uint64_t startTime);
/// Whether `seen` is recognisably the process of an instance of which no record is left: its user is `uid`, it leads a
/// session, runs the program `supervisord` with the configuration `confFile`, and its environment has `mark`.
[[nodiscard]] bool looksLike(const Executable& supervisord, const std::string& confFile, uid_t uid,
                             const std::string& mark, pid_t pid, const SeenProcess& seen);

}  // namespace instances
