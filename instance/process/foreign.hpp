// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// In place of a wait status: the process was not our child, and nobody told us how it ended.
inline constexpr int kStatusUnknown = -1;
/// The same for people.
inline constexpr const char* kUnknownEnd = "exit status unknown";

/// What tells a process from another one that got its pid later.
struct Identity {
  pid_t pid = 0;
  std::uint64_t startedAfter = 0;   ///< clock ticks since boot, as in /proc/PID/stat
  std::uint64_t startedBefore = 0;  ///< the same
  uid_t owner = 0;
};

/// Clock ticks since boot, as the kernel notes them for a process that is started now.
[[nodiscard]] std::uint64_t ticksSinceBoot() noexcept;

/// Whether `pid` is a child of ours, which we reap; it may have ended.
[[nodiscard]] bool isOurChild(pid_t pid) noexcept;

/// A pidfd of the process, which may be a zombie. Fails with ESRCH if it has ended or its pid is another process's by
/// now, with EPERM if it belongs to another account. Reads /proc/PID/stat, which can block while it executes a program.
[[nodiscard]] core::Expected<core::UniqueFd> openProcess(const Identity& process);

/// A program's process that was started by a supervisord which has crashed: another process reaps it. The manager
/// reports how it ended (Exits). When no report comes for some time after its end, the status stays unknown.
class Foreign {
 public:
  /// `pidfd` is that of `pid`, or invalid: it has ended already. `unknown` is called if its status did not come in
  /// `patience` after its end; it may destroy this object.
  Foreign(core::EventLoop& loop, pid_t pid, core::UniqueFd pidfd, core::Duration patience,
          std::function<void()> unknown);

  /// Sends to the process, or to the group that it leads. 0 or an errno; ESRCH: it has ended.
  [[nodiscard]] int signal(int signo, bool toGroup) const noexcept;
  /// Of the process; 0: it is not known.
  [[nodiscard]] pid_t session() const noexcept { return session_; }

 private:
  void ended() noexcept;

  core::UniqueFd pidfd_;
  pid_t pid_;
  pid_t session_ = 0;
  core::Duration patience_;
  core::IoWatch end_;
  core::Timer unknown_;
};

/// A socket on which the manager reports the ends of processes that are not our children: a datagram "EXITED=PID
/// STATUS" for each, with STATUS as waitpid has it.
class Exits {
 public:
  struct Hooks {
    std::function<void()> beforeEach;  ///< a message may be read; after an exception it stays for a later round
    std::function<void(pid_t pid, int waitStatus)> onExit;
    /// Called when a message has been handled and before it is taken: if this process is killed meanwhile, its
    /// successor reads the message again.
    std::function<void()> handled;
  };
  /// `socket` keeps messages apart (SOCK_SEQPACKET or SOCK_DGRAM).
  Exits(core::EventLoop& loop, core::UniqueFd socket, Hooks hooks);
  /// Reads what has come by now.
  void read();
  /// Nothing is to be heard any more. Also from inside a hook.
  void close() noexcept;
  /// The descriptor, for a successor; -1: the other end is closed.
  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }

 private:
  core::UniqueFd socket_;
  core::IoWatch watch_;
  Hooks hooks_;
};

}  // namespace process
