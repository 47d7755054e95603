// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/instances/context.hpp"
#include "lib/core/spawn_watch.hpp"

namespace instances {

/// One run of supervisorctl for an instance, with its owner's ids: the manager itself never speaks to a socket that an
/// account controls. Destroying it kills the client.
class CtlRun {
 public:
  /// `exit` 0: done. `output` is what it printed, shortened, in one line.
  using Done = std::function<void(bool ok, const std::string& output)>;

  CtlRun(Context& context, const entries::Entry& entry, const std::vector<std::string>& arguments, Done done);
  ~CtlRun();
  CtlRun(const CtlRun&) = delete;
  CtlRun& operator=(const CtlRun&) = delete;
  [[nodiscard]] bool finished() const noexcept { return !done_; }

 private:
  void fail(const core::SpawnError& error);
  void finish(bool ok, const std::string& output);

  core::Reaper& reaper_;
  Done done_;
  pid_t pid_ = -1;
  std::unique_ptr<core::SpawnWatch> launch_;  // until it has reached its program
  core::UniqueFd output_;
  core::Timer timer_;
  core::Deferred failed_;
  std::string program_;
  std::string failure_;
};

}  // namespace instances
