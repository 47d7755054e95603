// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace core {

/// The processes of the machine at one moment, for many searches: reading /proc for each of a thousand programs that
/// are stopped together would cost a million reads.
class ProcessSnapshot {
 public:
  struct One {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t group = 0;
    pid_t session = 0;
    uid_t uid = 0;
    std::optional<std::uint64_t> mark{};  ///< once it was asked for
  };
  /// Without zombies and this process, the youngest first: those that live shortly are seen before they are replaced.
  [[nodiscard]] static ProcessSnapshot take();
  /// The same of these only, in their order.
  [[nodiscard]] static ProcessSnapshot of(const std::vector<pid_t>& pids);
  [[nodiscard]] const std::vector<One>& all() const noexcept { return all_; }
  /// family_mark::get() of the process, which is read once.
  [[nodiscard]] std::uint64_t markOf(std::size_t place) const;

 private:
  mutable std::vector<One> all_;
};

/// What belongs to a process that leads a session of its own.
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
};

/// The living members, with the leader, as /proc shows them. Zombies do not count: their parent may never reap them.
/// What is started meanwhile can be missing. The control group is read again, and has those that `now` lacks.
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
/// Ends all members by SIGKILL. They are frozen first, so that none can start another one that is missed. If all of
/// `now` are in the control group, the kernel ends that in one call instead.
int killFamily(const ProcessFamily& family, const ProcessSnapshot& now);
inline int killFamily(const ProcessFamily& family) { return killFamily(family, ProcessSnapshot::take()); }

}  // namespace core
