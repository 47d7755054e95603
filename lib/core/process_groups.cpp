// SPDX-License-Identifier: MIT
#include "lib/core/process_groups.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/core/proc_files.hpp"

namespace core {
namespace {

bool exists(pid_t pidOrGroup) noexcept { return ::kill(pidOrGroup, 0) == 0 || errno != ESRCH; }

}  // namespace

bool outlivesItsLeader(pid_t group) noexcept { return !exists(group) && exists(-group); }

std::vector<std::pair<pid_t, pid_t>> listProcessGroups() {
  std::vector<std::pair<pid_t, pid_t>> out;
  for (const pid_t pid : proc::allPids())
    if (const pid_t group = ::getpgid(pid); group > 0) out.emplace_back(group, pid);
  std::sort(out.begin(), out.end());
  return out;
}

Expected<UniqueFd> openMember(pid_t pid, pid_t group, pid_t session) {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return Err{Error{"pidfd_open", errno}};
  // These calls take a pid, which could have been reused. If the process of the descriptor still runs after them, it
  // was not.
  const bool ours = ::getpgid(pid) == group && (session == 0 || ::getsid(pid) == session);
  if (!ours || hasEnded(fd.get())) return Err{Error{"", ESRCH}};
  return fd;
}

bool hasEnded(int member) noexcept {
  pollfd state{member, POLLIN, 0};
  return ::poll(&state, 1, 0) != 0;
}

}  // namespace core
