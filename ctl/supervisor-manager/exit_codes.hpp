// SPDX-License-Identifier: MIT
#pragma once

namespace manager {

/// A documented interface for scripts (supervisor-manager(1)). The numbers follow those of LSB's init scripts where
/// they fit.
enum ExitCode : int {
  Success = 0,
  Failed = 1,       ///< the operation failed, or the cause does not have a code of its own
  Misused = 2,      ///< usage error
  NotRunning = 3,   ///< an instance does not run, for verbs that need it to; status: or a program is in trouble
  NoSuchName = 4,   ///< no such instance or program
  Denied = 5,       ///< the caller may not do this
  Unreachable = 6,  ///< the manager or the bus does not answer
};

}  // namespace manager
