// SPDX-License-Identifier: MIT
#include "lib/core/reaper.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace core {

namespace {

/// Reaped in one turn of the loop. An account can make orphans as fast as they are reaped, and the loop must go on.
constexpr int kMost = 1000;

}  // namespace

Reaper::Reaper(EventLoop& loop) : signal_(loop, SIGCHLD, [this] { reap(); }) {}

void Reaper::reap() {
  int status = 0;
  bool any = false;
  int count = 0;
  for (pid_t pid = 0; count < kMost && (pid = ::waitpid(-1, &status, WNOHANG)) > 0; count++) {
    any = true;
    const auto found = watched_.find(pid);
    if (found == watched_.end()) continue;
    const auto callback = std::move(found->second);
    watched_.erase(found);
    callback(status);
  }
  if (count == kMost) ::kill(::getpid(), SIGCHLD);  // the rest in the next turn, after what they wrote
  if (any && round_) round_();
}

}  // namespace core
