// SPDX-License-Identifier: MIT
#include "instance/output/outlets.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>

#include "instance/config/model.hpp"
#include "instance/output/activity_log.hpp"
#include "instance/output/lane.hpp"
#include "instance/output/open_target.hpp"
#include "instance/output/rotating_file.hpp"
#include "lib/core/event_loop.hpp"
#include "tests/unit/output/scratch.hpp"

using config::Backpressure;
using output::Lane;

namespace {

/// Two ends, and an outlet on one of them.
struct Bench {
  Bench() { ::signal(SIGPIPE, SIG_IGN); }
  static output::Target target(int fd, bool shared) {
    output::Target made{core::UniqueFd(fd), {}, shared, {}};
    REQUIRE(::fstat(fd, &made.facts) == 0);
    return made;
  }
  /// A pipe of one page.
  void pipe(bool shared) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | (shared ? 0 : O_NONBLOCK)) == 0);
    take(ends[0], ends[1], shared);
    REQUIRE(::fcntl(reader.get(), F_SETPIPE_SZ, 4096) == 4096);
  }
  void socket() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    take(ends[0], ends[1], true);
  }
  void terminal(bool shared) {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    REQUIRE(::grantpt(master) == 0);
    REQUIRE(::unlockpt(master) == 0);
    take(master, ::open(::ptsname(master), O_WRONLY | O_NOCTTY | O_CLOEXEC | (shared ? 0 : O_NONBLOCK)), shared);
  }
  void take(int ours, int other, bool shared) {
    reader.reset(ours);
    theirs = other;
    ::fcntl(ours, F_SETFL, ::fcntl(ours, F_GETFL) | O_NONBLOCK);
    outlet = outlets.stream(target(other, shared));
  }
  Lane lane(const char* name = "a", Backpressure policy = Backpressure::Block) {
    return {outlet, std::make_shared<output::Source>("", name), policy};
  }
  /// What the reader finds now.
  std::string read(std::size_t limit = 1 << 20) {
    std::string bytes(limit, '\0');
    const ssize_t n = ::read(reader.get(), bytes.data(), bytes.size());
    bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return bytes;
  }
  /// Reads until `size` bytes have come.
  std::string readAll(std::size_t size) {
    std::string got;
    const auto limit = core::Clock::now() + core::seconds(30);
    while (got.size() < size && core::Clock::now() < limit) {
      got += read(1000);
      loop.step(core::milliseconds(1));
    }
    return got;
  }
  void until(const std::function<bool()>& condition) {
    const auto limit = core::Clock::now() + core::seconds(30);
    while (!condition()) {
      REQUIRE(core::Clock::now() < limit);
      loop.step(core::milliseconds(10));
    }
  }

  core::EventLoop loop;
  output::Outlets outlets{loop};
  core::UniqueFd reader;
  int theirs = -1;  ///< the outlet's own
  std::shared_ptr<output::Outlet> outlet;
};

struct Counter final : output::RoomQueue::Waiter {
  explicit Counter(std::function<void()> call = {}) : then(std::move(call)) {}
  void onRoom() noexcept override {
    ++turns;
    if (then) then();
  }
  std::function<void()> then;
  int turns = 0;
};

}  // namespace

TEST_CASE("output that a target does not accept waits, in order, for every kind of target") {
  const std::string text = numbered(60'000);
  std::string shown;
  for (const char c : text) shown += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (const std::string kind : {"pipe", "shared pipe", "socket", "terminal", "shared terminal"}) {
    CAPTURE(kind);
    Bench bench;
    if (kind.ends_with("pipe")) bench.pipe(kind != "pipe");
    if (kind == "socket") bench.socket();
    if (kind.ends_with("terminal")) bench.terminal(kind != "terminal");
    const std::string& expected = kind.ends_with("terminal") ? shown : text;
    auto lane = bench.lane();
    lane.write(text);
    CHECK(bench.outlet->full());
    CHECK(lane.fullOutlet() == bench.outlet.get());
    CHECK(bench.readAll(expected.size()) == expected);
    bench.until([&] { return !bench.outlet->full(); });
    CHECK(lane.fullOutlet() == nullptr);
  }
}

TEST_CASE("waiting logs get their turns, one after the other, while there is room; removed ones do not") {
  Bench bench;
  bench.pipe(false);
  auto lane = bench.lane();
  Counter first([&] { lane.write(std::string(10'000, '1') + '\n'); });
  Counter second([&] { lane.write("2\n"); });
  Counter third;
  {
    Counter gone;
    lane.write(std::string(10'000, '0') + '\n');
    bench.outlet->await(first);
    bench.outlet->await(gone);
    bench.outlet->await(second);
    bench.outlet->await(third);
    bench.outlet->await(first);  // keeps its position
  }
  third.leave();
  CHECK(bench.readAll(10'001) == std::string(10'000, '0') + '\n');
  bench.until([&] { return first.turns == 1; });
  CHECK(second.turns == 0);
  CHECK(bench.readAll(10'003) == std::string(10'000, '1') + "\n2\n");
  CHECK(second.turns == 1);
  CHECK(first.turns == 1);
  CHECK(third.turns == 0);
  CHECK_FALSE(second.waiting());
}

TEST_CASE("logs with the same target share its outlet, which is closed with the last of them") {
  Bench bench;
  bench.pipe(false);
  const std::weak_ptr<output::Outlet> weak = bench.outlet;
  CHECK(bench.outlets.stream(Bench::target(::dup(bench.theirs), false)) == bench.outlet);
  {
    auto lane = bench.lane();
    lane.write(std::string(10'000, 'x'));
  }
  bench.outlet.reset();
  CHECK_FALSE(weak.expired());  // until its output is written
  CHECK(bench.readAll(10'000).size() == 10'000);
  bench.until([&] { return weak.expired(); });
  CHECK(bench.read().empty());
}

TEST_CASE("lines of several logs do not mix, however they are cut") {
  Bench bench;
  bench.pipe(false);
  auto a = bench.lane(), b = bench.lane("b");
  a.write("the first ha");
  b.write("another");
  CHECK(bench.read().empty());
  a.write("lf\nand more");
  CHECK(bench.read() == "the first half\n");
  b.write(" line\n");
  CHECK(bench.read() == "another line\n");
  const std::string large(3 * 8192, 'x');  // more than is joined with what waits
  a.write(" of it\n" + large + "\nrest");
  CHECK(bench.readAll(large.size() + 16) == "and more of it\n" + large + "\n");
  a.flush();
  CHECK(bench.read() == "rest");
}

TEST_CASE("an unfinished line is written after a while, when it is long, or at the end") {
  Bench bench;
  bench.pipe(false);
  auto a = bench.lane();
  a.write("alone: now");
  CHECK(bench.read() == "alone: now");
  {
    auto b = bench.lane("b");
    a.write("prompt> ");
    CHECK(bench.read().empty());
    std::string got;
    bench.until([&] { return !(got += bench.read()).empty(); });
    CHECK(got == "prompt> ");
    const std::string tooLong(PIPE_BUF + 1, 'x');
    b.write(tooLong);
    CHECK(bench.readAll(tooLong.size()) == tooLong);
    b.write("last words");
  }
  CHECK(bench.read() == "last words");
}

TEST_CASE("while the target is full an unfinished line keeps waiting for its end") {
  Bench bench;
  bench.pipe(false);
  auto a = bench.lane(), b = bench.lane("b");
  const std::string large(10'000, 'x');
  a.write("begins here, ");
  b.write(large + "\n");
  REQUIRE(bench.outlet->full());
  // Another pipe is the clock: its unfinished lines begin later, and are written after the usual wait.
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
  const core::UniqueFd clock(ends[0]);
  const auto other = bench.outlets.stream(Bench::target(ends[1], false));
  const auto source = std::make_shared<output::Source>("", "clock");
  Lane tick(other, source, Backpressure::Block), idle(other, source, Backpressure::Block);
  for (int i = 0; i < 2; ++i) {
    tick.write("tick");
    char bytes[8];
    bench.until([&] { return ::read(clock.get(), bytes, sizeof bytes) == 4; });
  }
  a.write("ends here\n");
  CHECK(bench.readAll(10'024) == large + "\nbegins here, ends here\n");
}

TEST_CASE("a full pipe gets whole lines in one write, so that lines of other writers do not split them") {
  Bench bench;
  bench.pipe(false);
  auto lane = bench.lane();
  const std::string line = std::string(1499, 'x') + '\n';
  std::string text;
  for (int i = 0; i < 20; ++i) text += line;
  lane.write(text);
  std::string got = bench.read();  // the first write went as far as it could
  CHECK(got.size() == 4096);
  bench.loop.step(core::seconds(1));
  got += bench.read();
  CHECK(got.size() % 1500 == 0);
  got += bench.readAll(text.size() - got.size());
  CHECK(got == text);
}

TEST_CASE("with drop 64 KiB wait, and what does not fit is lost in whole lines, logged once and counted") {
  Bench bench;
  const LogCatcher catcher;
  bench.pipe(false);
  auto lane = bench.lane("log", Backpressure::Drop);
  const std::string line = std::string(99, 'x') + '\n';
  std::size_t written = 0;
  for (; written < 300'000; written += line.size()) lane.write(line);
  CHECK(lane.fullOutlet() == nullptr);
  const std::string message = "log: its reader is too slow; output that does not fit is discarded until it catches up";
  const auto said = catcher.text().find(message);
  CHECK(said != std::string::npos);
  CHECK(catcher.text().find(message, said + 1) == std::string::npos);
  std::string got;
  const auto worked = [&] { return catcher.text().find("works again, ") != std::string::npos; };
  bench.until([&] {
    got += bench.read();
    if (bench.outlet->idle() && !worked()) {
      lane.write(line);
      written += line.size();
    }
    return worked();
  });
  got += bench.read();
  CHECK(got.size() > 65'000);
  CHECK(got.size() < 100'000);
  CHECK(got.size() % line.size() == 0);
  CHECK(catcher.text().find(std::to_string(written - got.size()) + " bytes were lost") != std::string::npos);
}

TEST_CASE("a log with drop and one with block both get their turns") {
  Bench bench;
  bench.pipe(false);
  auto waits = bench.lane(), drops = bench.lane("drops", Backpressure::Drop);
  int written = 0;
  Counter reads;
  reads.then = [&] {
    waits.write(std::string(5'000, 'w') + '\n');
    ++written;
    bench.outlet->await(reads);
  };
  waits.write(std::string(5'000, 'w') + '\n');
  bench.outlet->await(reads);
  std::string got;
  bench.until([&] {
    drops.write(std::string(5'000, 'd') + '\n');
    got += bench.read();
    return written > 20 && std::count(got.begin(), got.end(), 'd') > 20 * 5'000;
  });
  reads.leave();
}

TEST_CASE("a reader that is gone is logged once; what waited for it is lost and counted") {
  Bench bench;
  const LogCatcher catcher;
  bench.pipe(false);
  {
    auto lane = bench.lane("log");
    lane.write(std::string(10'000, 'x'));
    Counter waits;
    bench.outlet->await(waits);
    bench.reader.reset();
    bench.until([&] { return waits.turns == 1; });
    lane.write("abc");
    CHECK_FALSE(bench.outlet->full());
  }
  CHECK(catcher.text().find("log: cannot write: Broken pipe; output is discarded until it is writable again") !=
        std::string::npos);
  CHECK(catcher.text().find("log: 5907 bytes were lost") != std::string::npos);
}

TEST_CASE("a FIFO keeps as much as it has room for until a reader comes; for a slow reader output waits") {
  Bench bench;
  const Scratch scratch;
  const LogCatcher catcher;
  REQUIRE(::mkfifo(scratch.at("fifo").c_str(), 0600) == 0);
  auto opened = output::openTarget(scratch.at("fifo"));
  REQUIRE(opened.has_value());
  REQUIRE(::fcntl(opened->fd.get(), F_SETPIPE_SZ, 4096) == 4096);
  bench.outlet = bench.outlets.stream(std::move(*opened));
  auto lane = bench.lane("fifo");
  lane.write(std::string(5'000, 'x'));  // without a reader
  CHECK_FALSE(bench.outlet->full());
  CHECK(catcher.text().find("fifo: cannot write: Broken pipe") != std::string::npos);

  const auto open = [&] { bench.reader.reset(::open(scratch.at("fifo").c_str(), O_RDONLY | O_NONBLOCK)); };
  open();
  CHECK(bench.read() == std::string(4096, 'x'));
  const auto text = numbered(5'000);
  lane.write(text);
  CHECK(bench.outlet->full());
  CHECK(catcher.text().find("works again, 904 bytes were lost") == std::string::npos);
  CHECK(bench.readAll(text.size()) == text);
  bench.until([&] { return !bench.outlet->full(); });
  CHECK(catcher.text().find("works again, 904 bytes were lost") != std::string::npos);

  lane.write(text);
  REQUIRE(bench.outlet->full());
  bench.reader.reset();  // it closes while output waits for it
  bench.until([&] { return !bench.outlet->full(); });
  open();
  const auto kept = bench.read();
  CHECK(kept.size() > 4000);  // whole lines
  CHECK(text.starts_with(kept));
}

TEST_CASE("at the end waiting output is written, also that of waiting programs, or dropped after a time limit") {
  Bench bench;
  const LogCatcher catcher;
  bench.pipe(false);
  auto lane = bench.lane();
  bool settled = false;
  const auto done = [&] { settled = true; };
  bench.outlets.settle(core::seconds(1000), done);
  bench.until([&] { return settled; });

  settled = false;
  lane.write(std::string(10'000, 'x'));
  Counter waits([&] { lane.write("the rest"); });
  bench.outlet->await(waits);
  bench.outlets.settle(core::seconds(1000), done);
  CHECK(bench.readAll(10'008).ends_with("xthe rest"));
  bench.until([&] { return settled; });
  CHECK(waits.turns == 1);
  CHECK(catcher.text().empty());

  settled = false;
  lane.write(std::string(10'000, 'x'));
  bench.outlet->await(waits);
  bench.outlets.settle(core::milliseconds(1), done);
  bench.until([&] { return settled; });
  CHECK(waits.turns == 2);
  CHECK(catcher.text().find("ERRO discarded 5912 bytes of output") != std::string::npos);
}

TEST_CASE("supervisord's own log never waits; what it lost is written to the log that follows it") {
  Bench bench;
  bench.pipe(false);
  {
    auto log = std::make_shared<output::ActivityLog>(bench.outlets, "/dev/fd/" + std::to_string(bench.theirs), 0, 0);
    REQUIRE(log->open().has_value());
    logging::setSinks({log});
  }
  for (int i = 0; i < 3000; ++i) logging::info("line {} {}", i, std::string(60, '.'));
  CHECK(bench.outlet->full());
  bench.reader.reset();
  bench.until([&] { return bench.outlet->idle(); });
  const LogCatcher catcher;
  CHECK(catcher.text().find(" bytes were lost") != std::string::npos);
}
