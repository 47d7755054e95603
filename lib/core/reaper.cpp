// SPDX-License-Identifier: MIT
#include "lib/core/reaper.hpp"

#include <signal.h>
#include <sys/wait.h>

namespace core {

Reaper::Reaper(EventLoop& loop) : signal_(loop, SIGCHLD, [this] { reap(); }) {}

void Reaper::reap() {
  int status = 0;
  bool any = false;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    any = true;
    const auto found = watched_.find(pid);
    if (found == watched_.end()) continue;
    const auto callback = std::move(found->second);
    watched_.erase(found);
    callback(status);
  }
  if (any && round_) round_();
}

}  // namespace core
