// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/instances/context.hpp"
#include "lib/core/spawn.hpp"
#include "lib/core/spawn_watch.hpp"

namespace entries {
struct Entry;
}

namespace instances {

/// One run of a program for an instance, with its owner's ids: supervisorctl, or a check of its configuration. The
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
  /// Called once, from the loop; may destroy the command.
  using Done = std::function<void(const End&)>;

  /// `spec` without descriptors: standard input is `input`, or /dev/null if that is invalid.
  OwnerCommand(InstanceContext& context, core::SpawnSpec spec, core::UniqueFd input, core::Duration limit, Done done);
  ~OwnerCommand();
  OwnerCommand(const OwnerCommand&) = delete;
  OwnerCommand& operator=(const OwnerCommand&) = delete;
  [[nodiscard]] bool finished() const noexcept { return !done_; }

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

/// Whether supervisorctl takes the text as the one name of a program, whatever an owner or a caller put into it.
[[nodiscard]] bool isPlainName(const std::string& program);
/// How supervisorctl is run for `entry`.
[[nodiscard]] core::SpawnSpec ctlSpec(const InstanceContext& context, const entries::Entry& entry,
                                      const std::vector<std::string>& arguments);

}  // namespace instances
