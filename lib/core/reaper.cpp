// SPDX-License-Identifier: MIT
#include "lib/core/reaper.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "lib/core/log.hpp"

namespace core {

namespace {

/// Reaped in one turn of the loop. An account can make orphans as fast as they are reaped, and the loop must keep
/// running.
constexpr int kMostReaped = 1000;

/// Reaps a child that was peeked at, at the end of the scope: an exception is followed by a second report, not by a
/// second end.
struct Reaping {
  pid_t pid;
  const std::function<void()>& first;  ///< empty: it has been reaped
  ~Reaping() {
    if (!first) return;
    logging::attempt(first);
    ::waitpid(pid, nullptr, WNOHANG);
  }
};

}  // namespace

Reaper::Reaper(EventLoop& loop, Hooks hooks)
    : hooks_(std::move(hooks)), signal_(loop, SIGCHLD, [this] { onSignal(); }) {}

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

/// A child that has ended; `pid` 0: none has, -1: see errno.
struct Reaper::End {
  pid_t pid = 0;
  int status = 0;  ///< as waitpid has it
  uid_t uid = 0;
};

/// As waitpid(), but with the user; and with reapAfterwards(), the child stays to be reaped.
Reaper::End Reaper::nextEnd() const noexcept {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | (afterwards_ ? WNOWAIT : 0)) != 0) return {-1, 0, 0};
  int status = info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0) : W_EXITCODE(0, info.si_status);
  if (info.si_code == CLD_DUMPED) status |= WCOREFLAG;
  return {info.si_pid, status, info.si_uid};
}

void Reaper::report(const End& end) {
  const auto found = watched_.find(end.pid);
  if (found != watched_.end()) return tell(found, end.status);
  if (hooks_.onUnwatched) hooks_.onUnwatched(end.pid, end.status);
  if (hooks_.onOrphan) hooks_.onOrphan(end.pid, end.status, end.uid);
}

/// One round. Returns true if there may be more.
bool Reaper::reap() {
  tellAgain();
  for (int count = 0; count < kMostReaped; ++count) {
    if (hooks_.beforeEach) hooks_.beforeEach();
    const auto end = nextEnd();
    if (end.pid == 0 || (end.pid < 0 && errno == ECHILD)) return false;
    if (end.pid > 0) {
      const Reaping reaping{end.pid, afterwards_};
      report(end);
    } else if (errno != EINTR) {
      logging::critical("waitpid error {}; a process may not be cleaned up properly", ::strerrorname_np(errno));
      return false;
    }
  }
  return true;
}

void Reaper::onSignal() {
  if (hooks_.onSignal) hooks_.onSignal();
  if (reap()) reapSoon();  // the rest in the next turn, after what they wrote
}

void Reaper::reapSoon() noexcept { ::kill(::getpid(), SIGCHLD); }

void Reaper::reapPending() {
  if (!signal_.pending()) return;
  while (reap()) {
  }
}

}  // namespace core
