// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "lib/core/unique_fd.hpp"

namespace config {
struct Daemon;
}

/// Goes into the background in two steps: the fork before anything is opened, the detachment when everything works. In
/// between the child still has the terminal for its errors, and the parent waits for the outcome, so that the exit
/// status of the command shows whether the daemon runs.
class Background {
 public:
  /// In the parent: waits, and returns the exit status to end with. In the child: returns nothing. A fork that fails
  /// is an exit status too, after a message on standard error.
  [[nodiscard]] std::optional<int> fork();
  /// In the child, once: working directory, /dev/null, a session of its own, umask.
  void detach(const config::Daemon& daemon);
  /// In the child, when everything is in place: lets the parent end with status 0.
  void release();
  /// Whether fork() was called and release() was not yet.
  [[nodiscard]] bool pending() const noexcept { return report_.valid(); }

 private:
  core::UniqueFd report_;
};
