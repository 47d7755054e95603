// SPDX-License-Identifier: MIT
#include "instance/process/last_close.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace process {
namespace {

/// Its end takes less than a millisecond. What takes longer is reaped like any other child.
constexpr int kHolderMilliseconds = 1000;

/// In the child, by system calls only: has `sockets`, which are sorted, until the other end of `end` is closed.
[[noreturn]] void holdUntil(int end, const std::vector<core::UniqueFd>& sockets) noexcept {
  ::dup2(end, 0);  // no socket is below 3
  unsigned next = 1;
  for (const auto& socket : sockets) {
    const auto kept = static_cast<unsigned>(socket.get());
    if (kept > next) ::close_range(next, kept - 1, 0);
    next = kept + 1;
  }
  ::close_range(next, ~0U, 0);
  char byte = 0;
  while (::read(0, &byte, 1) > 0) {
  }
  ::_exit(0);
}

void reapHolder(pid_t pid) noexcept {
  const core::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd one{process.get(), POLLIN, 0};
  if (process) (void)::poll(&one, 1, kHolderMilliseconds);
  (void)::waitpid(pid, nullptr, WNOHANG);
}

}  // namespace

void closeAside(std::vector<core::UniqueFd> sockets) noexcept {
  sockets.erase(std::remove_if(sockets.begin(), sockets.end(), [](const auto& fd) { return !fd.valid(); }),
                sockets.end());
  if (sockets.empty() || ::geteuid() != 0) return;
  // If there can be no process; but somebody who has a copy may set it again.
  const linger none{0, 0};
  for (const auto& fd : sockets) ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  std::sort(sockets.begin(), sockets.end(), [](const auto& a, const auto& b) { return a.get() < b.get(); });
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  core::UniqueFd end(ends[0]), until(ends[1]);
  // No signal may end it too early.
  sigset_t all, before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) holdUntil(end.get(), sockets);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  sockets.clear();
  until.reset();
  if (pid > 0) reapHolder(pid);
}

}  // namespace process
