// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/result.hpp"
#include "lib/terminal/guest.hpp"

namespace terminal {

/// How a guest's standard streams are joined to ours.
struct Streams {
  bool input = false;   ///< pass our standard input on; else the guest has an empty one
  bool screen = false;  ///< where our output is a terminal, the guest has one too: its own. Else a pipe.
  int limitMs = 0;      ///< the guest is killed after that many milliseconds; 0: it has all the time
  bool raw = false;     ///< what comes through a pipe goes to our terminal as it is
};

/// Runs the guest until it ends. It never has a descriptor of ours: pipes or a pseudo-terminal lie between, and what it
/// writes goes to our terminal through a Filter. With input and a terminal, that one is raw meanwhile; its window size
/// is passed on, its stop key (Ctrl-Z) stops us as a job, and it is as it was after every way out, SIGKILL excepted.
///
/// Returns the guest's exit status, 128 + N if signal N ended it. INT, QUIT, HUP and TERM go to the guest; if one of
/// them ended it, or if it does not end within a second, we end by the same signal. Output of processes that it leaves
/// behind is not waited for. SIGCHLD and the signals named are ours while it runs: no other child may.
[[nodiscard]] core::Expected<int> run(const Guest& guest, const Streams& streams);

}  // namespace terminal
