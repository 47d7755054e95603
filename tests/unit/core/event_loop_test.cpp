// SPDX-License-Identifier: MIT
#include "lib/core/event_loop.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>
#include <optional>
#include <stdexcept>
#include <vector>

#include "lib/core/unique_fd.hpp"
#include "tests/unit/core/readable.hpp"

TEST_CASE("a callback may destroy its own watch") {
  core::EventLoop loop;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  core::UniqueFd reader(ends[0]), writer(ends[1]);
  std::optional<core::IoWatch> watch;
  int calls = 0;
  watch.emplace(loop, reader.get(), core::IoWatch::Read, [&](std::uint32_t) {
    ++calls;
    watch.reset();
    loop.exit(7);
  });
  REQUIRE(::write(writer.get(), "x", 1) == 1);
  CHECK(loop.run() == 7);
  CHECK(calls == 1);
}

TEST_CASE("a callback that throws is called again, and the loop keeps running meanwhile") {
  core::EventLoop loop;
  int calls = 0;
  bool others = false;
  const auto failTwice = [&] {
    if (++calls <= 2) throw std::bad_alloc();
    loop.exit(3);
  };
  core::Timer other(loop, [&] { others = calls == 1; });
  SUBCASE("a deferred call") {
    core::Deferred bad(loop, failTwice);
    bad.schedule();
    other.armIn(core::milliseconds(1));
    CHECK(loop.run() == 3);
    CHECK(others);
  }
  SUBCASE("a timer") {
    core::Timer bad(loop, failTwice);
    bad.armIn(core::milliseconds(1));
    other.armIn(core::milliseconds(2));
    CHECK(loop.run() == 3);
    CHECK(others);
    CHECK(!bad.armed());
  }
  SUBCASE("a signal") {
    core::SignalWatch bad(loop, SIGUSR1, failTwice);
    CHECK(::raise(SIGUSR1) == 0);
    while (calls == 0) CHECK(loop.step(core::seconds(10)));
    CHECK(bad.pending());
    CHECK(loop.run() == 3);
  }
  CHECK(calls == 3);
}

TEST_CASE("a failed callback is not called again when it was cancelled or has another deadline") {
  core::EventLoop loop;
  int calls = 0;
  const auto fail = [&] {
    ++calls;
    throw std::bad_alloc();
  };
  core::Timer end(loop, [&] { loop.exit(0); });
  SUBCASE("cancelled") {
    core::Deferred bad(loop, fail);
    bad.schedule();
    CHECK(loop.step(core::seconds(10)));
    bad.cancel();
    end.armIn(core::milliseconds(300));
    CHECK(loop.run() == 0);
    CHECK(calls == 1);
  }
  SUBCASE("destroyed") {
    std::optional<core::Timer> bad(std::in_place, loop, fail);
    bad->armIn(core::milliseconds(0));
    while (calls == 0) CHECK(loop.step(core::seconds(10)));
    bad.reset();
    end.armIn(core::milliseconds(300));
    CHECK(loop.run() == 0);
    CHECK(calls == 1);
  }
}

TEST_CASE("one watch can start and stop with different descriptors") {
  core::EventLoop loop;
  const Readable a, b;
  int calls = 0;
  core::IoWatch watch(loop, [&](std::uint32_t ready) {
    CHECK(ready == core::IoWatch::Read);
    ++calls;
    watch.stop();
  });
  CHECK(!watch.active());
  for (const auto* const pipe : {&a, &b}) {
    watch.start(pipe->reader.get(), core::IoWatch::Read);
    CHECK(watch.active());
    CHECK(loop.step(core::seconds(10)));
    CHECK(!watch.active());
  }
  CHECK(calls == 2);
}

TEST_CASE(
    "events that are reported together are handled in one step, except what a callback has destroyed or changed") {
  core::EventLoop loop;
  const Readable a, b, c;
  std::optional<core::IoWatch> watches[3];
  int calls = 0;
  const auto first = [&](std::uint32_t ready) {
    CHECK(ready == core::IoWatch::Read);
    ++calls;
  };
  SUBCASE("all of them") {
    watches[0].emplace(loop, a.reader.get(), core::IoWatch::Read, first);
    watches[1].emplace(loop, b.reader.get(), core::IoWatch::Read, first);
    watches[2].emplace(loop, c.reader.get(), core::IoWatch::Read, first);
    CHECK(loop.step(core::seconds(10)));
    CHECK(calls == 3);
  }
  SUBCASE("destroyed") {
    const auto only = [&](std::uint32_t) {
      ++calls;
      for (auto& watch : watches) watch.reset();
    };
    watches[0].emplace(loop, a.reader.get(), core::IoWatch::Read, only);
    watches[1].emplace(loop, b.reader.get(), core::IoWatch::Read, only);
    watches[2].emplace(loop, c.reader.get(), core::IoWatch::Read, only);
    CHECK(loop.step(core::seconds(10)));
    CHECK(calls == 1);
  }
  SUBCASE("changed") {
    const auto only = [&](std::uint32_t) {
      ++calls;
      for (auto& watch : watches) watch->setEvents(core::IoWatch::None);
    };
    for (int i = 0; i < 3; ++i)
      watches[i].emplace(loop, (i == 0 ? a : i == 1 ? b : c).reader.get(), core::IoWatch::Read, only);
    CHECK(loop.step(core::seconds(10)));
    CHECK(calls == 1);
  }
  SUBCASE("after exit") {
    const auto leave = [&](std::uint32_t) {
      ++calls;
      loop.exit(5);
    };
    watches[0].emplace(loop, a.reader.get(), core::IoWatch::Read, leave);
    watches[1].emplace(loop, b.reader.get(), core::IoWatch::Read, leave);
    CHECK(loop.run() == 5);
    CHECK(calls == 1);
  }
}

TEST_CASE("a watch whose callback throws pauses, and then reports its descriptor's events again") {
  core::EventLoop loop;
  const Readable a, b;
  int bad = 0, good = 0;
  core::IoWatch thrower(loop, a.reader.get(), core::IoWatch::Read, [&](std::uint32_t ready) {
    CHECK(ready == core::IoWatch::Read);
    if (++bad == 1) throw std::runtime_error("boom");
    loop.exit(0);
  });
  core::IoWatch other(loop, b.reader.get(), core::IoWatch::Read, [&](std::uint32_t) {
    if (++good < 3) return;
    CHECK(bad == 1);  // it does not spin
    other.stop();
  });
  while (bad == 0) CHECK(loop.step(core::seconds(10)));
  CHECK_NOTHROW(thrower.setEvents(core::IoWatch::Read | core::IoWatch::Hangup));
  CHECK(loop.run() == 0);
  CHECK(bad == 2);
  CHECK(good == 3);
}

TEST_CASE("a hook is called before each poll, and may remove itself") {
  core::EventLoop loop;
  int calls = 0;
  std::optional<core::BeforePoll> hook;
  hook.emplace(loop, [&] {
    if (++calls == 2) hook.reset();
  });
  core::Deferred turn(loop, [&] { turn.schedule(); });
  turn.schedule();
  for (int i = 0; i < 4; ++i) CHECK(loop.step(core::seconds(10)));
  CHECK(calls == 2);
}

TEST_CASE("a watch may outlive its loop") {
  std::optional<core::EventLoop> loop(std::in_place);
  const Readable a;
  core::IoWatch watch(*loop, a.reader.get(), core::IoWatch::Read, [](std::uint32_t) {});
  loop.reset();
  CHECK_NOTHROW(watch.setEvents(core::IoWatch::None));
}

TEST_CASE("the end of a child is reported, also if our parent ignored SIGCHLD") {
  ::signal(SIGCHLD, SIG_IGN);
  core::EventLoop loop;
  core::SignalWatch watch(loop, SIGCHLD, [&] { loop.exit(5); });
  const pid_t child = ::fork();
  if (child == 0) ::_exit(3);
  core::Timer limit(loop, [&] { loop.exit(1); });
  limit.armIn(core::seconds(30));
  CHECK(loop.run() == 5);
  int status = 0;
  CHECK(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 3);
}

TEST_CASE("a signal is pending from its arrival until its callback") {
  core::EventLoop loop;
  Readable pipe;
  std::vector<bool> seen;
  int calls = 0;
  core::SignalWatch signal(loop, SIGUSR1, [&] { ++calls; });
  core::IoWatch io(loop, pipe.reader.get(), core::IoWatch::Read, [&](std::uint32_t) {
    char byte;
    CHECK(::read(pipe.reader.get(), &byte, 1) == 1);
    seen.push_back(signal.pending());  // handled before the signal, or in a turn without one
  });
  CHECK_FALSE(signal.pending());
  ::kill(::getpid(), SIGUSR1);
  CHECK(signal.pending());
  while (calls == 0) loop.step(core::seconds(1));
  CHECK(seen == std::vector<bool>{true});
  CHECK_FALSE(signal.pending());
}
