// SPDX-License-Identifier: MIT
// What one turn of the loop serves, and in which order.
#include <doctest/doctest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "lib/core/event_loop.hpp"
#include "lib/core/notify.hpp"
#include "lib/core/unique_fd.hpp"
#include "tests/unit/core/readable.hpp"

namespace {

constexpr core::seconds kLong{10};

}  // namespace

TEST_CASE("timers fire in the order of their deadlines, those with one deadline in the order of their arming") {
  core::EventLoop loop;
  std::string fired;
  const auto add = [&](char name) { return [&fired, name] { fired += name; }; };
  core::Timer a(loop, add('a')), b(loop, add('b')), c(loop, add('c')), d(loop, add('d')), e(loop, add('e'));
  const auto now = core::Clock::now();
  e.arm(now - core::seconds(1));
  a.arm(now + core::milliseconds(3));
  b.arm(now + core::milliseconds(2));
  d.arm(now + core::milliseconds(2));
  c.arm(now + core::milliseconds(1));
  b.arm(now + core::milliseconds(2));  // again: now it is behind d
  core::Timer gone(loop, add('g'));
  gone.arm(now);
  gone.disarm();
  CHECK_FALSE(gone.armed());
  core::Timer last(loop, [&] { loop.exit(0); });
  last.arm(now + core::milliseconds(4));
  CHECK(loop.run() == 0);
  CHECK(fired == "ecdba");
}

TEST_CASE("a thousand timers, armed, moved and removed at random, keep their order and are never early") {
  core::EventLoop loop;
  std::mt19937 random(12);
  struct Entry {
    std::unique_ptr<core::Timer> timer;
    core::Instant deadline;
    bool wanted = false;
  };
  std::vector<Entry> entries(1000);
  core::Instant latest{};
  std::size_t fired = 0, wrong = 0;
  const auto start = core::Clock::now();
  for (auto& entry : entries)
    entry.timer = std::make_unique<core::Timer>(loop, [&] {
      if (!entry.wanted || entry.deadline < latest || core::Clock::now() < entry.deadline) ++wrong;
      latest = entry.deadline;
      entry.wanted = false;
      ++fired;
    });
  for (int i = 0; i < 5000; ++i) {
    auto& entry = entries[random() % entries.size()];
    entry.wanted = random() % 4 != 0;
    // Multiples of the default accuracy, which rounds up.
    entry.deadline = start + core::microseconds(random() % 20000);
    entry.deadline -= entry.deadline.time_since_epoch() % std::chrono::nanoseconds(1024);
    if (entry.wanted)
      entry.timer->arm(entry.deadline);
    else
      entry.timer->disarm();
  }
  const auto wanted = static_cast<std::size_t>(
      std::count_if(entries.begin(), entries.end(), [](const Entry& entry) { return entry.wanted; }));
  while (fired < wanted) loop.step(kLong);
  CHECK(wrong == 0);
  CHECK(fired == wanted);
  CHECK(std::none_of(entries.begin(), entries.end(), [](const Entry& entry) { return entry.timer->armed(); }));
}

TEST_CASE("timers with an accuracy share a wake-up, which is not early") {
  core::EventLoop loop;
  const std::chrono::nanoseconds step(1 << 26);  // the power of two below 100 ms
  const auto soon = core::Clock::now() + core::milliseconds(1);
  const core::Instant begin(soon.time_since_epoch() / step * step + step);
  std::vector<core::Instant> turns;
  const auto note = [&] { turns.push_back(loop.now()); };
  core::Timer first(loop, note, core::milliseconds(100)), second(loop, note, core::milliseconds(100));
  first.arm(begin + core::milliseconds(1));
  second.arm(begin + core::milliseconds(60));
  while (turns.size() < 2) loop.step(kLong);
  CHECK(turns[0] == turns[1]);
  CHECK(turns[0] >= begin + core::milliseconds(60));
}

TEST_CASE("a timer may end itself and others that are due in the same turn") {
  core::EventLoop loop;
  const auto now = core::Clock::now();
  std::optional<core::Timer> a, b, c;
  int calls = 0;
  a.emplace(loop, [&] {
    ++calls;
    a.reset();
    b.reset();
    c->disarm();
  });
  b.emplace(loop, [&] { ++calls; });
  c.emplace(loop, [&] { ++calls; });
  for (auto* timer : {&a, &b, &c}) (*timer)->arm(now);
  core::Timer last(loop, [&] { loop.exit(0); });
  last.armIn(core::milliseconds(1));
  CHECK(loop.run() == 0);
  CHECK(calls == 1);
}

TEST_CASE("a callback that turns its own loop fails, and the loop keeps running") {
  core::EventLoop loop;
  int refused = 0;
  std::string order;
  const auto turn = [&] {
    try {
      loop.step(core::Duration::zero());
    } catch (const std::logic_error&) {
      ++refused;
    }
  };
  core::Deferred first(loop, turn);
  core::Deferred second(loop, [&] { order += "deferred "; });
  core::Timer timer(loop, turn);
  core::Timer later(loop, [&] { order += "timer"; });
  first.schedule();
  second.schedule();
  const auto now = core::Clock::now();
  timer.arm(now);
  later.arm(now);
  while (order != "deferred timer") loop.step(core::seconds(1));
  CHECK(refused == 2);
}

TEST_CASE("neither a timer for now nor a deferred call that repeats itself keeps the others from their turn") {
  core::EventLoop loop;
  const Readable pipe;
  std::string served;
  std::optional<core::Timer> timer;
  std::optional<core::Deferred> deferred;
  core::IoWatch watch(loop, pipe.reader.get(), core::IoWatch::Read, [&](std::uint32_t) { served += 'd'; });
  core::SignalWatch signal(loop, SIGUSR1, [&] {
    served += 's';
    loop.exit(0);
  });
  SUBCASE("a timer") {
    timer.emplace(loop, [&] {
      served += 't';
      timer->arm({});  // long past
    });
    timer->arm({});
    REQUIRE(loop.step(kLong));
    REQUIRE(loop.step(kLong));
    CHECK(served == "tddtdd");  // two batches for each slice of work
  }
  SUBCASE("a deferred call") {
    deferred.emplace(loop, [&] {
      served += 'c';
      deferred->schedule();
    });
    deferred->schedule();
    REQUIRE(loop.step(kLong));
    REQUIRE(loop.step(kLong));
    CHECK(served == "ccdccd");
  }
  ::kill(::getpid(), SIGUSR1);
  loop.step(kLong);
  CHECK(served.back() == 's');
}

TEST_CASE("a deferred call goes before what is ready, also if a timer has scheduled it") {
  core::EventLoop loop;
  const Readable pipe;
  std::string served;
  core::IoWatch watch(loop, pipe.reader.get(), core::IoWatch::Read, [&](std::uint32_t) { served += 'd'; });
  core::Deferred cancelled(loop, [&] { served += 'x'; }), second(loop, [&] { served += '2'; });
  core::Deferred first(loop, [&] {
    served += '1';
    cancelled.cancel();
    second.schedule();  // once: it is scheduled already
  });
  core::Timer timer(loop, [&] {
    first.schedule();
    cancelled.schedule();
    second.schedule();
    served += 't';
  });
  timer.arm({});
  CHECK(loop.step(kLong));
  CHECK(served == "t12dd");
}

TEST_CASE("of many descriptors that are always ready each one is served") {
  core::EventLoop loop;
  constexpr std::size_t count = 300;
  std::vector<Readable> pipes(count);
  std::vector<int> calls(count);
  std::vector<std::unique_ptr<core::IoWatch>> watches;
  int ticks = 0;
  for (std::size_t i = 0; i < count; ++i)
    watches.push_back(std::make_unique<core::IoWatch>(loop, pipes[i].reader.get(), core::IoWatch::Read,
                                                      [&calls, i](std::uint32_t) { ++calls[i]; }));
  core::Timer timer(loop, [&] {
    ++ticks;
    timer.arm({});
  });
  timer.arm({});
  for (int i = 0; i < 10; ++i) CHECK(loop.step(kLong));
  CHECK(std::all_of(calls.begin(), calls.end(), [](int n) { return n > 0; }));
  CHECK(ticks == 10);
}

TEST_CASE("signals of one turn are all handled; one whose watch another callback has ended is not") {
  core::EventLoop loop;
  std::optional<core::SignalWatch> first, second;
  int calls = 0;
  const auto endBoth = [&] {
    ++calls;
    first.reset();
    second.reset();
  };
  first.emplace(loop, SIGUSR1, endBoth);
  second.emplace(loop, SIGUSR2, endBoth);
  core::SignalWatch same(loop, SIGUSR1, [&] { ++calls; });
  ::kill(::getpid(), SIGUSR2);
  ::kill(::getpid(), SIGUSR1);
  CHECK(loop.step(kLong));
  CHECK(calls == 2);  // one of the two, and the other watch of SIGUSR1
  ::kill(::getpid(), SIGUSR1);
  CHECK(same.pending());
  CHECK(loop.step(kLong));
  CHECK(calls == 3);
}

TEST_CASE("of a flood of signals a turn takes only some: the others wait for the next") {
  core::EventLoop loop;
  int called = 0;
  const core::SignalWatch signal(loop, SIGRTMIN, [&] { ++called; });  // the kernel queues each of these
  for (int i = 0; i < 100; ++i) REQUIRE(::kill(::getpid(), SIGRTMIN) == 0);
  REQUIRE(loop.step(kLong));
  CHECK(called == 1);
  CHECK(signal.pending());
  while (signal.pending()) REQUIRE(loop.step(kLong));
  CHECK(called > 2);
}

TEST_CASE("the watchdog's message is sent immediately, and again while the loop turns") {
  const std::string path = "/tmp/sm-watchdog-" + std::to_string(::getpid());
  const core::UniqueFd receiver(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(receiver.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "20000", 1);
  const auto notifier = core::Notifier::fromEnvironment();
  core::EventLoop loop;
  int messages = 0;
  core::IoWatch watch(loop, receiver.get(), core::IoWatch::Read, [&](std::uint32_t) {
    char text[64];
    const auto n = ::recv(receiver.get(), text, sizeof text, 0);
    if (n > 0 && std::string_view(text, static_cast<std::size_t>(n)) == "WATCHDOG=1" && ++messages == 3) loop.exit(0);
  });
  SUBCASE("for this process") {
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    loop.enableWatchdog(notifier);
    CHECK(loop.run() == 0);
  }
  SUBCASE("not for another one") {
    ::setenv("WATCHDOG_PID", "1", 1);
    loop.enableWatchdog(notifier);
    CHECK(loop.step(core::milliseconds(0)));
    CHECK(messages == 0);
  }
  SUBCASE("once, if the next is due in a time too long for our clock") {
    ::setenv("WATCHDOG_USEC", "9223372036854775807", 1);
    loop.enableWatchdog(notifier);
    for (int i = 0; i < 10; ++i) CHECK(loop.step(core::milliseconds(0)));
    CHECK(messages == 1);
  }
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  ::unlink(path.c_str());
}
