// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace process {
class Process;
struct StateChange;
}  // namespace process

namespace events {

/// What [eventlistener:x] with event_details gets behind Supervisor's words of a PROCESS_STATE payload, each word with
/// a blank in front: "exitcode:3" or "signal:SIGKILL" if a process has just ended, and "reason:..." if there is one and
/// the program is still in that state. The text of a reason is percent-encoded: it has no blank and no colon. Empty:
/// there is nothing to tell.
[[nodiscard]] std::string detailsOf(const process::Process& program, const process::StateChange& change);
/// "restarts:3 reason:...", for PROCESS_RESTART_LIMIT.
[[nodiscard]] std::string restartLimitWords(const process::Process& program);

}  // namespace events
