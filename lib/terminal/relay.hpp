// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/result.hpp"
#include "lib/terminal/guest.hpp"

namespace terminal {

/// How a guest's standard streams are connected to ours.
struct Streams {
  bool input = false;   ///< forward our standard input; else the guest's input is empty
  bool screen = false;  ///< if our output is a terminal, the guest gets its own terminal; else a pipe
  int limitMs = 0;      ///< milliseconds after which the guest is killed; 0: no limit
  bool raw = false;     ///< do not filter the output of pipes
};

/// Runs the guest until it ends. It does not get any descriptor of ours, only pipes or a pseudo-terminal, and a Filter
/// checks its output for our terminal: with our terminal, it could type commands into the shell (TIOCSTI). With input
/// and a terminal, the terminal is in raw mode; the window size is forwarded, the stop key (Ctrl-Z) stops us as a job,
/// and the previous settings are restored however this ends, except by SIGKILL.
///
/// Returns the guest's exit status, 128 + N if signal N ended it. INT, QUIT, HUP and TERM are forwarded; if one of them
/// ends the guest, or if it does not end within a second, we end by the same signal. There is no wait for the output of
/// other processes that the guest started. SIGCHLD and these signals are used here, so no other child may run.
[[nodiscard]] core::Expected<int> run(const Guest& guest, const Streams& streams);

}  // namespace terminal
