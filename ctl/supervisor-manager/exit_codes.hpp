// SPDX-License-Identifier: MIT
#pragma once

namespace manager {

/// What scripts can rely on (supervisor-manager(1)); numbers follow those of LSB's init scripts where they fit.
enum ExitCode : int {
  Success = 0,
  Failed = 1,       ///< the manager tried and it did not work, or the reason has no code of its own
  Misused = 2,      ///< the command line is wrong
  NotRunning = 3,   ///< an instance does not run, for verbs that need one that does; status: or not all is well
  NoSuchName = 4,   ///< no such instance or program
  Denied = 5,       ///< the caller may not do this
  Unreachable = 6,  ///< the manager or the bus does not answer
};

}  // namespace manager
