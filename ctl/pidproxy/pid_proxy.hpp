// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace pidproxy {

/// `pidproxy PIDFILE COMMAND [ARGUMENT...]`: runs COMMAND and, until it ends, forwards TERM, HUP, INT, USR1, USR2 and
/// QUIT to the process whose pid is in PIDFILE, for daemons that go into the background or start under a wrapper. After
/// TERM, INT and QUIT it exits immediately. `words` starts with the program's own name. Returns the exit status: 0,
/// also for a command that failed, as in Supervisor; 1 for a usage error or a signal that could not be sent.
[[nodiscard]] int run(const std::vector<std::string>& words);

}  // namespace pidproxy
