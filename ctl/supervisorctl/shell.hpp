// SPDX-License-Identifier: MIT
#pragma once

namespace ctl {

class Session;

/// Prints the status, then executes lines until "quit", the end of the input or Ctrl-C. Returns the exit status, 0.
int runShell(Session& session);

}  // namespace ctl
