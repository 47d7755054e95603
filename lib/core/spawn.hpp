// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/users.hpp"

namespace core {

/// Everything a child becomes, prepared before the fork. The child makes system calls only.
struct SpawnSpec {
  std::string file;                    ///< what execve gets; no PATH search
  std::vector<std::string> arguments;  ///< argv, with argv[0]
  std::vector<std::string> environment;  ///< "KEY=value"
  /// (descriptor here, number there); descriptors not listed are closed. The numbers there must be 0..n without gaps.
  std::vector<std::pair<int, int>> descriptors;
  std::optional<Identity> identity;  ///< becomes this account before exec; failure is fatal, never "run as root"
  std::string directory;             ///< empty: stay
  std::optional<mode_t> umask;
  bool newProcessGroup = true;
  bool newSession = false;
  bool parentDeathSignal = false;  ///< SIGKILL for the child when the parent dies
  /// Shares the parent's memory until exec (as vfork): the fast way for a program of one's own account. Without it
  /// the parent never waits for what the child touches (a directory on a hung file system).
  bool shareMemory = false;
  int cgroupFd = -1;  ///< start in this cgroup (clone3), or -1
  std::vector<std::pair<int, rlimit>> limits;
  std::optional<int> nice;
  std::optional<int> oomScoreAdjust;
  bool noNewPrivileges = false;
  /// Called in the child, on failure, instead of silence: writes Supervisor's words about the failed step to the
  /// child's standard error ("supervisor: couldn't exec X: ENOENT").
  bool explainOnStderr = false;
};

enum class SpawnStep { Fork, Session, Descriptors, Limits, Identity, Directory, Exec };

struct SpawnError {
  SpawnStep step = SpawnStep::Fork;
  int code = 0;  ///< errno
};
[[nodiscard]] const char* toText(SpawnStep step) noexcept;

/// Starts the child with default signal dispositions and an empty mask. With `explainOnStderr` only a failed fork is an
/// error here: later steps explain themselves on the child's standard error and end it with status 127, as
/// Supervisor's do. Otherwise a failed step comes back as an error and the child is reaped; a child that takes longer than
/// a second to get there is returned as it is.
[[nodiscard]] Result<pid_t, SpawnError> spawn(const SpawnSpec& spec);

}  // namespace core
