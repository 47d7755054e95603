// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "lib/core/process_snapshot.hpp"

namespace core {

/// What belongs to a process that leads a session of its own. FamilyKill ends it.
struct ProcessFamily {
  pid_t leader = 0;
  bool ended = false;  ///< the leader has been reaped: its number may be that of another process by now
  /// Also what has left the session: descendants of the members, and processes with `mark`.
  bool tree = false;
  std::uint64_t mark = 0;  ///< of family_mark.hpp; 0: none
  /// Marks count for processes of this account and of root: another one could put the mark on its own.
  uid_t account = 0;
  /// A control group that has members only; -1: there is none. Who owns it can move members out of it: these are found
  /// like those of a tree without a group. The caller keeps it open.
  int group = -1;

  /// Whether the numbers of the leader mean it: not, once it has been reaped and another process has its pid.
  [[nodiscard]] bool hasNumbers() const;
  /// Whether a mark on this process counts.
  [[nodiscard]] bool countsMarkOf(const ProcessSnapshot::One& one) const noexcept {
    return tree && mark != 0 && (one.uid == account || one.uid == 0);
  }
};

/// The living members, with the leader, as /proc shows them. Zombies do not count: their parent may never reap them.
/// What is started meanwhile can be missing. The control group is read again, and has those that `now` lacks. The
/// time depends on the number of members, not on that of all processes.
[[nodiscard]] std::vector<pid_t> listFamily(const ProcessFamily& family, const ProcessSnapshot& now);
[[nodiscard]] inline std::vector<pid_t> listFamily(const ProcessFamily& family) {
  return listFamily(family, ProcessSnapshot::take());
}
/// Sends a signal to each member that is in `now`, and to the leader. Returns 0, or the errno of one that could not be
/// signalled although it is there. Reads only about the members: a process that has a pid of `now`, and is another one
/// by now, gets no signal.
int signalFamily(const ProcessFamily& family, int signo, const ProcessSnapshot& now);
inline int signalFamily(const ProcessFamily& family, int signo) {
  return signalFamily(family, signo, ProcessSnapshot::take());
}

}  // namespace core
