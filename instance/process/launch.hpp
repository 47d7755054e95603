// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "instance/process/program_environment.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace config {
struct ProcessConfig;
}
namespace core {
struct SpawnSpec;
}

namespace process {

struct Command;
struct LaunchExtras;
struct SupervisorSettings;

/// Our ends of a started program's pipes; invalid ones do not exist.
struct Launched {
  pid_t pid = 0;
  core::UniqueFd in;    ///< non-blocking
  core::UniqueFd out;   ///< non-blocking; invalid: the old pipe is reused
  core::UniqueFd err;   ///< non-blocking; the same
  std::string failure;  ///< why the child does not become its program, in Supervisor's words; empty: it does
};

/// What a child's environment consists of besides its own configuration.
struct LaunchContext {
  const std::vector<std::string>& inherited;
  const SupervisorSettings& settings;
  const std::string& group;
  /// Called before the fork, with the pipes; where to put the pid, or nullptr. May be empty.
  std::function<pid_t*(const Launched& pipes)> beforeFork{};
  const LaunchExtras* extras = nullptr;  ///< nullptr: none
};

/// "KEY=value" of a child: ours, then Supervisor's variables, then [supervisord] and program environment, then what is
/// known only `atStart` (startVariables()), then the extras'.
[[nodiscard]] std::vector<std::string> childEnvironment(const config::ProcessConfig& config,
                                                        const LaunchContext& around, const Variables& atStart = {});

/// What a child of the program becomes, all but its descriptors. The error is in Supervisor's words.
[[nodiscard]] core::Result<core::SpawnSpec, std::string> childSpec(const config::ProcessConfig& config, Command command,
                                                                   const LaunchContext& around);

/// Reading ends of pipes that the program reuses; -1: it gets a new one.
struct OldPipes {
  int out = -1;
  int err = -1;
};

/// Makes the pipes and forks. `socket` becomes standard input instead of a pipe if it is not -1. The error is the
/// spawnerr in Supervisor's words.
[[nodiscard]] core::Result<Launched, std::string> launch(const config::ProcessConfig& config, Command command,
                                                         const LaunchContext& around, int socket,
                                                         const OldPipes& old = {});

/// "exit status 3", "terminated by SIGKILL (core dumped)", "exit status unknown" for kStatusUnknown.
[[nodiscard]] std::string describeWaitStatus(int status);
/// "SIGTERM", or "signal 40" for those without a name.
[[nodiscard]] std::string signalName(int signo);

}  // namespace process
