// SPDX-License-Identifier: MIT
#include "daemon/instances/helper_child.hpp"

#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "lib/core/child.hpp"

namespace instances {
namespace {

/// `keep` is sorted.
void closeOthers(const std::vector<int>& keep) noexcept {
  unsigned next = 0;
  for (const int fd : keep) {
    const auto kept = static_cast<unsigned>(fd);
    if (kept > next) ::close_range(next, kept - 1, 0);
    next = kept + 1;
  }
  ::close_range(next, ~0U, 0);
}

}  // namespace

pid_t forkHelper(std::vector<int> keep, unsigned seconds, const std::function<void()>& work) {
  std::sort(keep.begin(), keep.end());
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  closeOthers(keep);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  core::resetSignals();
  sigset_t empty;
  sigemptyset(&empty);
  ::sigprocmask(SIG_SETMASK, &empty, nullptr);
  ::alarm(seconds);
  work();
  ::_exit(0);
}

}  // namespace instances
