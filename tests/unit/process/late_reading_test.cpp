// SPDX-License-Identifier: MIT
#include "instance/process/late_reading.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "instance/output/rotating_file.hpp"
#include "lib/core/unique_fd.hpp"
#include "tests/unit/process/bench.hpp"

using lifecycle::ProcessState;
using process::Channel;
using process::FlowMeter;
using process::LateReading;

namespace {

constexpr std::size_t kUsualPipe = 64 * 1024;
constexpr std::size_t kLargePipe = LateReading::kLargePipe;

/// An empty pipe of the usual size.
struct SomePipe {
  SomePipe() {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
    REQUIRE(::fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(kUsualPipe)) >= 0);
  }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(::fcntl(reader.get(), F_GETPIPE_SZ)); }
  core::UniqueFd reader, writer;
};

/// Takes `bytes` at each turn, and joins again until it has had `turns`.
struct Reader final : output::RoomQueue::Waiter {
  Reader(LateReading& all, std::size_t bytesAtOnce, int turnsToTake)
      : late(all), source(all, pipe.reader.get()), bytes(bytesAtOnce), turns(turnsToTake) {
    late.join(*this);
  }
  void onRoom() noexcept override {
    ++had;
    source.took(bytes, false);
    if (had < turns) late.join(*this);
  }
  SomePipe pipe;
  LateReading& late;
  LateReading::Pipe source;
  std::size_t bytes;
  int turns;
  int had = 0;
};

/// The lines "0" to COUNT-1.
std::string numbers(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
  return text;
}

const char* const kWriteFast = "i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done; ";
constexpr int kLines = 20'000;

core::UniqueFd outputOf(const process::Process& program) {
  const auto path = "/proc/" + std::to_string(program.pid()) + "/fd/1";
  return core::UniqueFd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK));
}

std::size_t pipeSizeOf(const process::Process& program) {
  return static_cast<std::size_t>(::fcntl(outputOf(program).get(), F_GETPIPE_SZ));
}

std::size_t unreadOf(const process::Process& program) {
  int bytes = 0;
  REQUIRE(::ioctl(outputOf(program).get(), FIONREAD, &bytes) == 0);
  return static_cast<std::size_t>(bytes);
}

/// Lets `program`, which never ends, write until its pipe is read late, and stops it with SIGSTOP when it has something
/// in it.
void stopBeforeItsTurn(Bench& b, const process::Process& program) {
  const auto stat = "/proc/" + std::to_string(program.pid()) + "/stat";
  const auto path = program.logPath(Channel::Stdout);
  const auto limit = core::Clock::now() + core::seconds(30);
  for (bool late = false; !late;) {
    REQUIRE(core::Clock::now() < limit);
    REQUIRE(::kill(program.pid(), SIGCONT) == 0);
    const auto before = std::filesystem::file_size(path);
    b.until([&] { return std::filesystem::file_size(path) > before + 10'000; });
    while (unreadOf(program) == 0) REQUIRE(core::Clock::now() < limit);
    REQUIRE(::kill(program.pid(), SIGSTOP) == 0);
    while (Bench::read(stat).find(") T ") == std::string::npos) REQUIRE(core::Clock::now() < limit);
    const auto unread = unreadOf(program);
    b.loop.step(core::Duration::zero());  // reads a pipe that is watched
    late = unreadOf(program) == unread;
  }
}

}  // namespace

TEST_CASE("a flow is fast when a series of small pieces came quickly, one after the other") {
  FlowMeter flow;
  core::Instant time{};
  int looks = 0;
  const auto now = [&] {
    ++looks;
    return time;
  };
  const auto series = [&](core::Duration between, std::size_t bytes) {
    bool fast = false;
    for (int i = 0; i < 16; ++i, time += between) fast = flow.add(bytes, now);
    return fast;
  };
  CHECK(series(core::microseconds(200), 80));
  CHECK(looks == 2);
  CHECK_FALSE(series(core::microseconds(300), 80));
  CHECK_FALSE(series(core::seconds(1), 80));
  CHECK_FALSE(series(core::microseconds(1), 40'000));
  for (int i = 0; i < 100; ++i) CHECK_FALSE(flow.add(i % 2 == 0 ? 80 : 40'000, now));
  CHECK(series(core::microseconds(1), 1));
}

TEST_CASE("all who read late have their turns, and others in between") {
  core::EventLoop loop;
  LateReading late(loop);
  std::vector<std::unique_ptr<Reader>> readers;
  for (int i = 0; i < 20; ++i) readers.push_back(std::make_unique<Reader>(late, kLargePipe, 3));
  const auto turns = [&] {
    int sum = 0;
    for (const auto& reader : readers) sum += reader->had;
    return sum;
  };
  // A client that always has something to say.
  SomePipe client;
  REQUIRE(::write(client.writer.get(), "x", 1) == 1);
  int before = 0;
  int most = 0;
  const core::IoWatch watch(loop, client.reader.get(), core::IoWatch::Read, [&](std::uint32_t) {
    most = std::max(most, turns() - before);
    before = turns();
  });
  const auto limit = core::Clock::now() + core::seconds(30);
  while (turns() < 60 && core::Clock::now() < limit) loop.step(core::seconds(1));
  for (const auto& reader : readers) CHECK(reader->had == 3);
  CHECK(most <= 8);  // 2 MiB: one turn may come before the client is served, and one after it
}

TEST_CASE("one who leaves the queue has no more turns") {
  core::EventLoop loop;
  LateReading late(loop);
  Reader stays(late, 1, 2);
  Reader leaves(late, 1, 2);
  leaves.leave();
  while (stays.had < 2) loop.step(core::seconds(1));
  CHECK(leaves.had == 0);
}

TEST_CASE("a pipe that fills up is enlarged while it is read late") {
  core::EventLoop loop;
  LateReading late(loop);
  SomePipe pipe;
  {
    LateReading::Pipe source(late, pipe.reader.get());
    source.took(kUsualPipe / 4, true);
    source.took(kUsualPipe, false);
    CHECK(pipe.size() == kUsualPipe);
    source.took(kUsualPipe, true);
    CHECK(pipe.size() == kLargePipe);
  }
  CHECK(pipe.size() == kUsualPipe);
}

TEST_CASE("only a few pipes are enlarged at a time") {
  core::EventLoop loop;
  LateReading late(loop);
  std::vector<std::unique_ptr<SomePipe>> pipes;
  std::vector<std::unique_ptr<LateReading::Pipe>> sources;
  const auto enlarged = [&] {
    return std::count_if(pipes.begin(), pipes.end(), [](const auto& pipe) { return pipe->size() == kLargePipe; });
  };
  for (int i = 0; i < 20; ++i) {
    pipes.push_back(std::make_unique<SomePipe>());
    sources.push_back(std::make_unique<LateReading::Pipe>(late, pipes.back()->reader.get()));
    sources.back()->took(kUsualPipe, true);
  }
  CHECK(enlarged() == 16);
  sources.erase(sources.begin(), sources.begin() + 4);
  for (const auto& source : sources) source->took(kUsualPipe, true);
  CHECK(enlarged() == 16);
  sources.clear();
  CHECK(enlarged() == 0);
}

TEST_CASE("a program that writes fast is read in large pieces, until it is quiet again") {
  Bench b;
  auto& program = b.add(Bench::shell("p", std::string(kWriteFast) + "read x; echo quiet; read x"));
  program.start();
  int appended = 0;
  const auto follower = program.log(Channel::Stdout)->notice().subscribe([&] { ++appended; });
  const auto log = [&] { return Bench::read(program.logPath(Channel::Stdout)); };
  const auto expected = numbers(kLines);
  const auto path = program.logPath(Channel::Stdout);  // not read at each step: that would make the loop slow
  b.until([&] { return std::filesystem::file_size(path) >= expected.size(); });
  CHECK(log() == expected);
  CHECK(appended < kLines / 20);
  b.until([&] { return pipeSizeOf(program) == kUsualPipe; });
  REQUIRE(program.writeStdin("go\n").has_value());
  b.until([&] { return log() == expected + "quiet\n"; });
  REQUIRE(program.writeStdin("go\n").has_value());
  b.until(program, ProcessState::Exited);
}

TEST_CASE("the last lines of a program that writes fast are in its log when its exit is reported") {
  Bench b;
  auto& program = b.add(Bench::shell("p", kWriteFast));
  std::string atExit;
  b.whenChanged = [&](process::Process& p, const process::StateChange& change) {
    if (change.to == ProcessState::Exited) atExit = Bench::read(p.logPath(Channel::Stdout));
  };
  for (int run = 1; run <= 3; ++run) {
    program.start();
    b.until(program, ProcessState::Exited);
    std::string expected;
    for (int i = 0; i < run; ++i) expected += numbers(kLines);
    CHECK(atExit == expected);
  }
}

TEST_CASE("a program that writes fast is stopped, started again and removed") {
  Bench b;
  auto& program = b.add(Bench::shell("p", "while :; do echo line; done"));
  for (int run = 0; run < 3; ++run) {
    program.start();
    const auto size = Bench::read(program.logPath(Channel::Stdout)).size();
    b.until([&] { return Bench::read(program.logPath(Channel::Stdout)).size() > size + 100'000; });
    REQUIRE(program.stop().has_value());
    b.until(program, ProcessState::Stopped);
  }
  const auto path = program.logPath(Channel::Stdout);
  b.table.remove(program.group());
  CHECK(Bench::read(path).ends_with("line\n"));
}

TEST_CASE("a client that asks finds in the log what was written before, also if the pipe is read late") {
  Bench b;
  auto& program = b.add(Bench::shell("p", "while :; do echo line; done"));
  program.start();
  const auto path = program.logPath(Channel::Stdout);
  for (const bool clears : {false, true}) {
    stopBeforeItsTurn(b, program);
    const auto expected = clears ? 0 : std::filesystem::file_size(path) + unreadOf(program);
    if (clears)
      CHECK(program.clearLogs().has_value());
    else
      program.catchUp(Channel::Stdout);
    CHECK(unreadOf(program) == 0);
    CHECK(std::filesystem::file_size(path) == expected);
  }
  REQUIRE(::kill(program.pid(), SIGCONT) == 0);
  b.until([&] { return std::filesystem::file_size(path) > 100'000; });
  REQUIRE(program.stop().has_value());
  b.until(program, ProcessState::Stopped);
}

TEST_CASE("what a program wrote first comes first in the one file of both its channels") {
  Bench b;
  auto made = Bench::shell("p",
                           "while :; do i=0; while [ $i -lt 100 ]; do echo out; i=$((i+1)); done; "
                           "echo err >&2; read x; done");
  const std::string path = b.directory() + "/both";
  made->out.target = made->err.target = config::LogSettings::Target::File;
  made->out.path = made->err.path = path;
  auto& program = b.add(made);
  program.start();
  std::string expected;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 100; ++i) expected += "out\n";
    expected += "err\n";
    b.until([&] { return std::filesystem::file_size(path) >= expected.size(); });
    REQUIRE(Bench::read(path) == expected);
    b.loop.step(core::Duration::zero());  // epoll notices that both pipes are empty: it keeps the order from then on
    REQUIRE(program.writeStdin("go\n").has_value());
  }
}
