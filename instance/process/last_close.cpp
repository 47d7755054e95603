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
#include <exception>

#include "lib/core/let_go.hpp"

namespace process {
namespace {

/// Its end takes less than a millisecond. What takes longer is reaped like any other child.
constexpr int kHolderMilliseconds = 1000;

/// In a child: closes all descriptors from `next` on but `kept`, which are sorted.
void closeOthers(unsigned next, const std::vector<int>& kept) noexcept {
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > next) ::close_range(next, number - 1, 0);
    next = number + 1;
  }
  ::close_range(next, ~0U, 0);
}

/// In the child, by system calls only: has `sockets` until the other end of `end` is closed.
[[noreturn]] void holdUntil(int end, const std::vector<int>& sockets) noexcept {
  ::dup2(end, 0);  // no socket is below 3
  closeOthers(1, sockets);
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

/// A child that no signal ends too early; -1 if there can be none.
pid_t forkUndisturbed() noexcept {
  sigset_t all, before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid != 0) ::sigprocmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

}  // namespace

void letGoAside(std::vector<int> sockets) noexcept {
  const auto letGo = [&] {
    for (const int fd : sockets) core::letGo(fd);
  };
  if (sockets.empty()) return;
  if (::geteuid() != 0) return letGo();
  std::sort(sockets.begin(), sockets.end());
  const pid_t pid = forkUndisturbed();
  if (pid == 0) {
    closeOthers(0, sockets);
    letGo();
    ::_exit(0);
  }
  if (pid > 0) reapHolder(pid);
}

void closeAside(std::vector<core::UniqueFd> sockets) noexcept try {
  std::vector<int> numbers;
  for (const auto& fd : sockets)
    if (fd) numbers.push_back(fd.get());
  if (numbers.empty() || ::geteuid() != 0) return;
  std::sort(numbers.begin(), numbers.end());
  int ends[2] = {-1, -1};
  const bool piped = ::pipe2(ends, O_CLOEXEC) == 0;
  core::UniqueFd end(ends[0]), until(ends[1]);
  const pid_t pid = piped ? forkUndisturbed() : -1;
  if (pid == 0) holdUntil(end.get(), numbers);
  // Without a process; but somebody who has a copy may set it again.
  const linger none{0, 0};
  if (pid < 0)
    for (const int fd : numbers) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  sockets.clear();
  until.reset();
  if (pid > 0) reapHolder(pid);
} catch (const std::exception&) {
  // Without memory they are closed here.
}

}  // namespace process
