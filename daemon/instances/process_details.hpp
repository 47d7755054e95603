// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/entries/environment.hpp"
#include "daemon/layout/owner_task.hpp"

namespace instances {

using entries::kMark;

/// The program that a process runs: its path, and the file itself, which keeps its identity when an upgrade replaces
/// it.
struct Executable {
  std::string path;
  std::string file;  ///< device and inode
};
/// The file `path` as an Executable. Nothing for a script, of which a process shows its interpreter.
[[nodiscard]] Executable executableAt(const std::string& path);

/// The facts about a process that only files which can block have, see process_table.hpp.
struct ProcessDetails {
  std::uint64_t startTime = 0;  ///< clock ticks since boot
  std::string mark;             ///< value of kMark in the environment that it began with
  Executable executable;
  std::string arguments;  ///< that its program began with, each between two line feeds
  [[nodiscard]] bool hasArgument(const std::string& argument) const {
    return arguments.find('\n' + argument + '\n') != std::string::npos;
  }
};
using DetailsOf = std::map<pid_t, ProcessDetails>;

/// Reads the details in this process: for the helper, and for tests. A process whose files block for longer than a
/// moment is left out, and so is one that is gone.
[[nodiscard]] DetailsOf readDetails(const std::vector<pid_t>& pids);

/// The processes that have `path` open, in this process: for a helper. Those that cannot be looked at are left out.
[[nodiscard]] std::vector<pid_t> holdersOf(const std::string& path);

/// Reads the details in a helper with root's ids. Nothing if the helper could not be started or did not finish.
[[nodiscard]] core::Task<std::optional<DetailsOf>> readDetailsInHelper(core::EventLoop& loop, core::Reaper& reaper,
                                                                       std::vector<pid_t> pids);

}  // namespace instances
