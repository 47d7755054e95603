// SPDX-License-Identifier: MIT
#include "lib/core/reaper.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace core {

namespace {

/// Reaped in one turn of the loop. An account can make orphans as fast as they are reaped, and the loop must keep
/// running.
constexpr int kMost = 1000;

}  // namespace

Reaper::Reaper(EventLoop& loop) : signal_(loop, SIGCHLD, [this] { reap(); }) {}

/// The callback may forget its pid, and watch others.
void Reaper::tell(std::map<pid_t, Watched>::iterator who, int status) {
  auto watched = watched_.extract(who);
  telling_ = watched.key();
  try {
    watched.mapped().callback(status);
  } catch (...) {
    if (telling_ != watched.key()) throw;  // the callback forgot its pid: its owner may be destroyed
    untold_ = true;
    watched.mapped().ended = status;
    watched_.insert(std::move(watched));  // which takes no memory
    throw;
  }
}

void Reaper::tellAgain() {
  if (!std::exchange(untold_, false)) return;
  for (auto who = watched_.begin(); who != watched_.end();) {
    const auto pid = who->first;
    if (who->second.ended) tell(who, *who->second.ended);
    who = watched_.upper_bound(pid);
  }
}

void Reaper::reap() {
  tellAgain();
  int status = 0;
  bool any = false;
  int count = 0;
  for (pid_t pid = 0; count < kMost && (pid = ::waitpid(-1, &status, WNOHANG)) > 0; ++count) {
    any = true;
    const auto found = watched_.find(pid);
    if (found == watched_.end()) continue;
    tell(found, status);
  }
  if (count == kMost) ::kill(::getpid(), SIGCHLD);  // the rest in the next turn, after their output
  if (any && round_) round_();
}

}  // namespace core
