// SPDX-License-Identifier: MIT
#include "lib/core/reaper.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <new>
#include <set>
#include <tuple>
#include <vector>

namespace {

/// A child that has ended and waits to be reaped.
pid_t endedChild() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) == 0);
  return pid;
}

}  // namespace

TEST_CASE("children that end as fast as they are reaped do not block the loop") {
  constexpr int all = 3500;
  core::EventLoop loop;
  core::Reaper reaper(loop);
  int reaped = 0, reapedBeforeTimer = 0;
  core::Timer timer(loop, [&] { reapedBeforeTimer = reaped; });
  std::function<void(int)> next = [&](int) {
    if (++reaped == 1) timer.arm(core::Clock::now());
    if (reaped < all) reaper.watch(endedChild(), next);
  };
  reaper.watch(endedChild(), next);
  while (reaped < all && loop.step(core::seconds(10))) {
  }
  CHECK(reaped == all);
  CHECK(reapedBeforeTimer > 0);
  CHECK(reapedBeforeTimer < all);
}

TEST_CASE("an end that could not be reported is reported again, and once") {
  core::EventLoop loop;
  core::Reaper reaper(loop);
  int told = 0, others = 0;
  reaper.watch(endedChild(), [&](int status) {
    CHECK(WEXITSTATUS(status) == 0);
    if (++told == 1) throw std::bad_alloc();
  });
  reaper.watch(endedChild(), [&](int) { ++others; });
  while ((told < 2 || others < 1) && loop.step(core::seconds(10))) {
  }
  core::Timer end(loop, [&] { loop.exit(0); });
  end.armIn(core::milliseconds(200));
  CHECK(loop.run() == 0);
  CHECK(told == 2);
  CHECK(others == 1);
}

TEST_CASE("after an exception there is no second call for a child that was forgotten") {
  core::EventLoop loop;
  core::Reaper reaper(loop);
  int told = 0, others = 0;
  const pid_t pid = endedChild();
  reaper.watch(pid, [&](int) {
    ++told;
    reaper.forget(pid);
    throw std::bad_alloc();
  });
  core::Timer later(loop, [&] { reaper.watch(endedChild(), [&](int) { ++others; }); });
  later.armIn(core::milliseconds(200));
  while (others < 1 && loop.step(core::seconds(10))) {
  }
  CHECK(told == 1);
}

TEST_CASE("an end that no callback watches goes to the hook, once there is room for it") {
  core::EventLoop loop;
  int signals = 0, rooms = 0;
  std::set<pid_t> ended;
  core::Reaper reaper(loop, {[&] { ++signals; },
                             [&] {
                               if (++rooms == 1) throw std::bad_alloc();
                             },
                             [&](pid_t pid, int status) {
                               CHECK(WEXITSTATUS(status) == 0);
                               CHECK(ended.insert(pid).second);
                             }});
  const pid_t watched = endedChild();
  int told = 0;
  reaper.watch(watched, [&](int) { ++told; });
  const std::set<pid_t> others{endedChild(), endedChild()};
  REQUIRE(loop.step(core::seconds(10)));
  CHECK(rooms == 1);  // no child was reaped: their ends would be lost
  siginfo_t info{};
  CHECK(::waitid(P_PID, static_cast<id_t>(watched), &info, WEXITED | WNOWAIT | WNOHANG) == 0);
  while ((ended.size() < 2 || told < 1) && loop.step(core::seconds(10))) {
  }
  CHECK(ended == others);
  CHECK(told == 1);
  CHECK(signals >= 1);
}

TEST_CASE("all that has ended is reaped before the loop runs, if a caller cannot wait") {
  constexpr int all = 1500;  // more than one round
  core::EventLoop loop;
  int reaped = 0;
  core::Reaper reaper(loop, {{}, {}, [&](pid_t, int) { ++reaped; }});
  for (int i = 0; i < all; ++i) endedChild();
  reaper.reapPending();
  CHECK(reaped == all);
  reaper.reapPending();
  CHECK(reaped == all);
}

TEST_CASE("a child that nobody watches is reported with its status and its user") {
  core::EventLoop loop;
  std::vector<std::tuple<pid_t, int, uid_t>> orphans;
  core::Reaper reaper(
      loop, {.onSignal = {}, .beforeEach = {}, .onUnwatched = {}, .onOrphan = [&](pid_t pid, int status, uid_t uid) {
               orphans.emplace_back(pid, status, uid);
             }});
  constexpr uid_t kUser = 12345;
  const bool root = ::geteuid() == 0;
  const auto begin = [&](auto end) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (root && ::setuid(kUser) != 0) ::_exit(99);
      end();
    }
    return pid;
  };
  int told = 0;
  const auto watched = endedChild();
  reaper.watch(watched, [&](int) { ++told; });
  const pid_t first = begin([] { ::_exit(3); });
  while (orphans.empty() && loop.step(core::seconds(10))) {
  }
  const pid_t second = begin([] { ::raise(SIGKILL); });
  while (orphans.size() < 2 && loop.step(core::seconds(10))) {
  }
  REQUIRE(orphans.size() == 2);
  const uid_t user = root ? kUser : ::getuid();
  CHECK(orphans[0] == std::tuple(first, W_EXITCODE(3, 0), user));
  CHECK(orphans[1] == std::tuple(second, SIGKILL, user));
  CHECK(told == 1);
}

TEST_CASE("with reapAfterwards() the child is still there while its end is reported, with the same status") {
  core::EventLoop loop;
  core::Reaper reaper(loop);
  int told = 0, done = 0;
  reaper.reapAfterwards([&] { ++done; });
  const auto expect = [&](pid_t pid, int expected) {
    reaper.watch(pid, [&told, pid, expected](int status) {
      ++told;
      CHECK(status == expected);
      siginfo_t info{};
      CHECK(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) == 0);
      CHECK(info.si_pid == pid);
    });
  };
  const pid_t first = ::fork();
  if (first == 0) ::_exit(42);
  expect(first, W_EXITCODE(42, 0));
  const pid_t second = ::fork();
  if (second == 0) {
    ::raise(SIGKILL);
    ::_exit(0);
  }
  expect(second, SIGKILL);
  int failed = 0;
  const pid_t third = endedChild();
  reaper.watch(third, [&](int status) {
    CHECK(status == 0);
    if (++failed == 1) throw std::bad_alloc();
  });
  while ((told < 2 || failed < 2) && loop.step(core::seconds(10))) {
  }
  CHECK(told == 2);
  CHECK(failed == 2);
  CHECK(done == 3);
  for (const pid_t pid : {first, second, third}) CHECK(::waitpid(pid, nullptr, WNOHANG) == -1);
}
