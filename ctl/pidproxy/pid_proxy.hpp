// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace pidproxy {

/// `pidproxy PIDFILE COMMAND [ARGUMENT...]`: runs COMMAND and, until it ends, hands TERM, HUP, INT, USR1, USR2 and QUIT
/// on to the process whose pid PIDFILE holds, for daemons that put themselves into the background or start under a
/// wrapper. After TERM, INT and QUIT it ends at once. `words` starts with the program's own name. Returns the exit
/// status: 0, also for a command that failed, as Supervisor's; 1 for a wrong call.
[[nodiscard]] int run(const std::vector<std::string>& words);

}  // namespace pidproxy
