// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/instances/context.hpp"
#include "lib/core/spawn.hpp"
#include "lib/core/spawn_watch.hpp"
#include "lib/core/task.hpp"

namespace instances {

/// One run of a program for an instance, with its owner's ids: the check of its configuration. The
/// manager itself neither speaks to a socket nor reads a file that an account controls. Limited in time and in what it
/// may print; destroying it kills the program.
class OwnerCommand {
 public:
  struct End {
    int status = -1;      ///< exit status; -1: it did not get so far
    std::string failure;  ///< why, then, in words
    std::string output;   ///< what it printed on both channels, as it is: the owner's text
    [[nodiscard]] bool ok() const noexcept { return status == 0; }
  };
  /// Called from the loop; may destroy the command.
  using Done = core::Completion<End>;

  /// `spec` without descriptors: standard input is `input`, or /dev/null if that is invalid.
  OwnerCommand(InstanceContext& context, core::SpawnSpec spec, core::UniqueFd input, core::Duration limit, Done done);
  ~OwnerCommand();
  OwnerCommand(const OwnerCommand&) = delete;
  OwnerCommand& operator=(const OwnerCommand&) = delete;

 private:
  void fail(const core::SpawnError& error);
  void finish(int status, std::string failure);
  void letGo();

  core::Reaper& reaper_;
  Done done_;
  pid_t pid_ = -1;
  bool reaped_ = false;                       ///< the number may be another process's by now
  std::unique_ptr<core::SpawnWatch> launch_;  // until it has reached its program
  core::UniqueFd output_;
  core::Timer timer_;
  core::Deferred failed_;
  std::string program_;
  std::string failure_;
};

/// Runs a program as an OwnerCommand. Destroying the task kills it.
[[nodiscard]] core::Task<OwnerCommand::End> runProgramAsOwner(InstanceContext& context, core::SpawnSpec spec,
                                                              core::UniqueFd input, core::Duration limit);

}  // namespace instances
