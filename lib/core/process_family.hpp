// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace core {

/// What belongs to a process that leads a session of its own.
struct ProcessFamily {
  pid_t leader = 0;
  bool ended = false;  ///< the leader has been reaped: its number may be that of another process by now
  /// Also what has left the session: descendants of the members, and processes whose environment has `mark`.
  bool tree = false;
  std::string mark{};  ///< "KEY=value"
};

/// The living members, with the leader, as /proc shows them. Zombies do not count: their parent may never reap them.
/// What is started meanwhile can be missing. Environments are read only of processes of our own account: another
/// account could make that wait for ever.
[[nodiscard]] std::vector<pid_t> listFamily(const ProcessFamily& family);
/// Sends a signal to each member. Returns 0, or the errno of one that could not be signalled although it is there.
int signalFamily(const ProcessFamily& family, int signo);
/// Ends all members by SIGKILL. They are frozen first, so that none can start another one that is missed.
int killFamily(const ProcessFamily& family);

}  // namespace core
