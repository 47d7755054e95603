// SPDX-License-Identifier: MIT
#include "daemon/instances/sweeper.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

using namespace instances;

TEST_CASE("a look that takes longer than the time to kill is waited for") {
  core::EventLoop loop;
  const pid_t pid = ::fork();
  if (pid == 0)
    for (;;) ::pause();
  ProcessFinder::Done answer;  // of the second look
  int looks = 0, ends = 0;
  Sweeper sweeper(
      loop,
      [&](ProcessFinder::Done done) {
        if (++looks == 2) {
          answer = std::move(done);
          return;
        }
        std::vector<FoundProcess> found;
        found.push_back({{pid, ::getpid(), pid, pid, ::getuid(), false}, openPidfd(pid)});
        done(std::move(found));
      },
      core::Duration::zero(), [&](std::size_t, std::size_t) { ++ends; }, core::milliseconds(200));
  sweeper.run();
  while (looks < 2) loop.step(core::seconds(5));
  bool late = false;
  core::Timer timer(loop, [&] { late = true; });
  timer.armIn(core::milliseconds(400));
  while (!late) loop.step(core::seconds(5));
  CHECK(ends == 0);  // what the look finds is still to be ended
  answer({});
  CHECK(ends == 1);
  CHECK(::waitpid(pid, nullptr, 0) == pid);
}
