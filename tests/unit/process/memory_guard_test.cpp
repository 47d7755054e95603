// SPDX-License-Identifier: MIT
#include "instance/process/memory_guard.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

void* take(std::size_t size, int flags) {
  void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) ::_exit(1);
  std::memset(memory, 1, size);
  return memory;
}

/// A process with 20 MB of its own and 40 MB that it shares with its child, which has another 30 MB.
struct Family {
  Family() {
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    pid = ::fork();
    if (pid == 0) {
      void* const common = take(40 * kMegabyte, MAP_SHARED);
      if (::fork() == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        std::memset(common, 2, 40 * kMegabyte);
        take(30 * kMegabyte, MAP_PRIVATE);
        (void)!::write(ready[1], "x", 1);
        for (;;) ::pause();
      }
      take(20 * kMegabyte, MAP_PRIVATE);
      (void)!::write(ready[1], "x", 1);
      for (;;) ::pause();
    }
    char byte = 0;
    for (int i = 0; i < 2; ++i) REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  pid_t pid;
};

}  // namespace

TEST_CASE("the memory of a process and its descendants, with what they share counted once") {
  Family family;
  const auto used = process::treeMemory(family.pid);
  CHECK(used >= 90 * kMegabyte);
#ifndef __SANITIZE_ADDRESS__  // which has memory of its own for each part that is used
  CHECK(used < 125 * kMegabyte);
#endif
  // Its child dies with it.
  ::kill(family.pid, SIGKILL);
  ::waitpid(family.pid, nullptr, 0);
  CHECK(process::treeMemory(family.pid) == 0);
}
