// SPDX-License-Identifier: MIT
#include "lib/core/family_mark.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mark = core::family_mark;

TEST_CASE("each process has its own mark, and a later one a lower one") {
  constexpr pid_t kMostPid = (1 << 22) - 1;
  constexpr std::uint64_t kHundredYears = 100ULL * 365 * 86'400 * 100;
  CHECK(mark::of(1, 5) != mark::of(2, 5));
  CHECK(mark::of(kMostPid, 5) != mark::of(1, 6));
  CHECK(mark::of(1, 6) < mark::of(kMostPid, 5));
  CHECK(mark::of(kMostPid, kHundredYears) > 0);
  CHECK(mark::of(1, 0) < RLIM_INFINITY);
}

TEST_CASE("a mark is inherited, read by others, and cannot be raised without rights") {
  CHECK(mark::get(::getpid()) == 0);
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGTERM, SIG_DFL);
    bool ok = mark::put(mark::of(7, 100));
    if (::fork() != 0) ::_exit(ok && ::wait(nullptr) > 0 ? 0 : 1);
    ok = ok && mark::get(::getpid()) == mark::of(7, 100);
    ok = ok && mark::put(mark::of(6, 101));  // of one that was started later
    if (::geteuid() == 0) ok = ok && ::setuid(65534) == 0;
    ok = ok && !mark::put(mark::of(7, 100));
    const pid_t self = ok ? ::getpid() : 0;
    (void)!::write(ready[1], &self, sizeof self);
    ::pause();
    ::_exit(0);
  }
  pid_t grandchild = 0;
  REQUIRE(::read(ready[0], &grandchild, sizeof grandchild) == sizeof grandchild);
  CHECK(grandchild > 0);
  CHECK(mark::get(grandchild) == mark::of(6, 101));
  if (grandchild > 0) ::kill(grandchild, SIGKILL);
  int status = -1;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(mark::get(child) == 0);
  ::close(ready[0]);
  ::close(ready[1]);
}
