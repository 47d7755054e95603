// SPDX-License-Identifier: MIT
#include "lib/lifecycle/pacing.hpp"

#include <limits>
#include <vector>

#include "tests/unit/lifecycle/bench.hpp"

namespace {

using core::milliseconds;
using lifecycle::Pacing;
using lifecycle::ProcessState;
namespace input = lifecycle::input;

constexpr std::int64_t kDay = std::int64_t{24} * 3600 * 1000;

Pacing pacing(std::optional<int> delay, std::optional<int> most, int factor) {
  Pacing out;
  if (delay) out.delay = milliseconds(*delay);
  if (most) out.maxDelay = milliseconds(*most);
  out.factor = factor;
  return out;
}

/// The delays of the failures 1, 2, 3, 4 and 100, in milliseconds.
std::vector<std::int64_t> afterFailures(const Pacing& pacing, std::uint32_t chance = 0) {
  std::vector<std::int64_t> out;
  for (const int n : {1, 2, 3, 4, 100}) out.push_back(lifecycle::delayAfterFailure(pacing, n, chance).count());
  return out;
}

using Delays = std::vector<std::int64_t>;

/// The times between a start and the next one of a program that ends as soon as it is RUNNING.
Delays loopOf(Bench& b, int times) {
  Delays out;
  for (int i = 0; i < times; ++i) {
    b.feed(input::Exited{1});
    if (b.machine.state() != ProcessState::Exited) break;
    out.push_back(b.jumpExactly().count());
    if (b.machine.state() != ProcessState::Starting) break;
    b.jump();
  }
  return out;
}

}  // namespace

TEST_CASE("the delays after failed starts") {
  CHECK(afterFailures({}) == Delays{1000, 2000, 3000, 4000, 100'000});  // Supervisor's
  CHECK(afterFailures(pacing({}, 2500, 1000)) == Delays{1000, 2000, 2500, 2500, 2500});
  CHECK(afterFailures(pacing(300, {}, 1000)) == Delays{300, 300, 300, 300, 300});
  CHECK(afterFailures(pacing(300, 200, 1000)) == Delays{200, 200, 200, 200, 200});
  CHECK(afterFailures(pacing(0, {}, 1000)) == Delays{0, 0, 0, 0, 0});
  CHECK(afterFailures(pacing(500, {}, 2000)) == Delays{500, 1000, 2000, 4000, kDay});
  CHECK(afterFailures(pacing(500, 3000, 2000)) == Delays{500, 1000, 2000, 3000, 3000});
  CHECK(afterFailures(pacing({}, 60'000, 1500)) == Delays{1000, 1500, 2250, 3375, 60'000});
  CHECK(afterFailures(pacing(0, {}, 2000)) == Delays{0, 0, 0, 0, 0});
  CHECK(afterFailures(pacing(1, {}, 1500)) == Delays{1, 1, 1, 1, 1});  // too short to grow
}

TEST_CASE("a program that does run is started again immediately, or after its restart_delay") {
  const auto after = [](const Pacing& pacing, int runs) { return lifecycle::delayAfterRun(pacing, runs, 0).count(); };
  CHECK(after({}, 5) == 0);
  CHECK(after(pacing({}, 60'000, 2000), 5) == 0);
  CHECK(after(pacing(2000, {}, 1000), 5) == 2000);
  CHECK(after(pacing(2000, {}, 2000), 1) == 2000);
  CHECK(after(pacing(2000, {}, 2000), 3) == 8000);
  CHECK(after(pacing(2000, 5000, 2000), 3) == 5000);
}

TEST_CASE("chance shortens delays that grow by up to a tenth, also the longest one, and never the others") {
  for (std::uint32_t chance = 0; chance < 5000; chance += 7) {
    CHECK(afterFailures(pacing(300, {}, 1000), chance) == afterFailures(pacing(300, {}, 1000)));
    CHECK(afterFailures({}, chance) == afterFailures({}));
    const auto full = afterFailures(pacing(500, 3000, 2000)),
               shortened = afterFailures(pacing(500, 3000, 2000), chance);
    for (std::size_t i = 0; i < full.size(); ++i) {
      CHECK(shortened[i] <= full[i]);
      CHECK(shortened[i] >= full[i] - full[i] / 10);
    }
  }
  CHECK(afterFailures(pacing(500, 3000, 2000), 1023).back() < 2710);
}

TEST_CASE("a hundred million failures cost no more than one") {
  constexpr int many = std::numeric_limits<int>::max();
  CHECK(lifecycle::delayAfterFailure(pacing(10, {}, 1001), many, 0) == milliseconds(10));
  CHECK(lifecycle::delayAfterFailure(pacing(0, {}, 1'000'000), many, 0) == milliseconds(0));
  CHECK(lifecycle::delayAfterFailure(pacing(1000, {}, 1'000'000), many, 0) == milliseconds(kDay));
}

TEST_CASE("durations as text") {
  const auto text = [](int count) { return lifecycle::durationText(milliseconds(count)); };
  CHECK(text(0) == "0 seconds");
  CHECK(text(1000) == "1 second");
  CHECK(text(1500) == "1.5 seconds");
  CHECK(text(60'000) == "60 seconds");
  CHECK(text(50) == "0.05 seconds");
  CHECK(text(1) == "0.001 seconds");
}

TEST_CASE("startretries=-1 never gives up; below it Supervisor's meaning stays") {
  Bench b;
  b.rules.startRetries = -1;
  b.feed(input::Start{});
  for (int failure = 1; failure < 200; ++failure) {
    b.feed(input::Exited{1});
    REQUIRE(b.machine.state() == ProcessState::Backoff);
    CHECK(b.jump() == core::seconds(failure));
  }
  CHECK(b.machine.restarts() == 199);

  Bench c;
  c.rules.startRetries = -2;
  c.feed(input::Start{});
  c.feed(input::Exited{1});
  CHECK(c.events == "STARTING0 BACKOFF1 FATAL");
}

TEST_CASE("restart_delay paces failed starts and short runs") {
  Bench b;
  b.paced().delay = milliseconds(2500);
  b.feed(input::Start{});
  b.feed(input::Exited{1});
  CHECK(b.jumpExactly() == milliseconds(2500));
  b.jump();
  CHECK(b.machine.state() == ProcessState::Running);
  CHECK(loopOf(b, 3) == Delays{2500, 2500, 2500});
}

TEST_CASE("delays grow over short runs, and begin again after a long one") {
  Bench b;
  b.paced() = pacing(2000, 7000, 2000);
  b.run();
  CHECK(loopOf(b, 4) == Delays{2000, 4000, 7000, 7000});
  b.now += core::seconds(60);
  CHECK(loopOf(b, 2) == Delays{2000, 4000});
  b.feed(input::Stop{});
  b.feed(input::Exited{0});
  b.run();
  CHECK(loopOf(b, 1) == Delays{2000});  // a request begins a new row
}

TEST_CASE("restart_limit: a crash loop ends in FATAL with the reason") {
  Bench b;
  b.rules.startSeconds = core::seconds(0);
  b.paced().limit = 3;
  b.pacing.limitWindow = core::seconds(60);
  b.run();
  CHECK(loopOf(b, 10).size() == 4);
  CHECK(b.machine.state() == ProcessState::Fatal);
  CHECK(b.machine.trouble() == "Bad exit code 1; restarted 3 times in 60 seconds (restart_limit)");
  CHECK(b.machine.restarts() == 3);
  CHECK_FALSE(b.machine.deadline(b.rules));
  b.run();  // a request clears the account
  CHECK(loopOf(b, 10).size() == 4);
}

TEST_CASE("restart_limit counts within its window only") {
  Bench b;
  b.rules.restart = lifecycle::Restart::Always;
  b.paced().limit = 2;
  b.pacing.limitWindow = core::seconds(60);
  b.run();
  for (int i = 0; i < 50; ++i) {
    b.now += core::seconds(29);  // and a second of STARTING: two restarts a minute
    b.feed(input::Exited{0});
    b.jump();
    REQUIRE(b.machine.state() == ProcessState::Starting);
    b.jump();
  }
  b.feed(input::Exited{0});
  b.jump();
  CHECK(b.machine.state() == ProcessState::Fatal);
  CHECK(b.machine.trouble() == "restarted 2 times in 60 seconds (restart_limit)");
}

TEST_CASE("restart_limit does not count failed starts: startretries does") {
  Bench b;
  b.rules.startRetries = 5;
  b.paced().limit = 1;
  b.pacing.limitWindow = core::seconds(3600);
  b.feed(input::Start{});
  for (int i = 0; i < 5; ++i) {
    b.feed(input::Exited{1});
    b.jump();
    CHECK(b.machine.state() == ProcessState::Starting);
  }
}

TEST_CASE("fatal_retry: FATAL is not the end, and its attempts are new ones") {
  Bench b;
  b.rules.startRetries = 1;
  b.paced().fatalRetry = core::seconds(600);
  b.feed(input::Start{});
  b.feed(input::Exited{1});
  b.jump();
  b.feed(input::Exited{1});
  CHECK(b.take() == "STARTING0 BACKOFF1 STARTING1 BACKOFF2 FATAL");
  CHECK(b.machine.nextStart(b.rules) == b.now + core::seconds(600));
  CHECK(b.jump() == core::seconds(600));
  b.feed(input::Exited{1});
  CHECK(b.jump() == core::seconds(1));
  b.jump();
  CHECK(b.take() == "STARTING0 BACKOFF1 STARTING1 RUNNING");
}

TEST_CASE("fatal_retry that is changed while the program is FATAL counts from when it failed") {
  Bench b;
  b.rules.startRetries = 0;
  b.feed(input::Start{});
  b.feed(input::Exited{1});
  CHECK_FALSE(b.machine.deadline(b.rules));
  b.paced().fatalRetry = core::seconds(600);
  b.now += core::seconds(200);
  CHECK(b.jump() == core::seconds(400));
  CHECK(b.machine.state() == ProcessState::Starting);
}

TEST_CASE("what a shutdown gave up is not tried again") {
  Bench b;
  b.paced().fatalRetry = core::seconds(10);
  b.feed(input::Start{});
  b.feed(input::Exited{1});
  b.feed(input::GiveUp{});
  CHECK(b.machine.state() == ProcessState::Fatal);
  CHECK_FALSE(b.machine.deadline(b.rules));
}

TEST_CASE("a stop cancels a start that is due, of programs with a pacing") {
  Bench b;
  b.paced().delay = core::seconds(300);
  b.run();
  b.feed(input::Exited{1});
  CHECK(b.machine.nextStart(b.rules) == b.now + core::seconds(300));
  b.take();
  b.feed(input::Stop{});
  CHECK(b.take() == "STOPPED");
  CHECK_FALSE(b.machine.deadline(b.rules));

  CHECK(b.machine.trouble().empty());

  b.feed(input::Start{});
  b.jump();
  b.feed(input::Exited{1});
  b.rules.held = true;  // what it depends on is missing
  CHECK(b.machine.awaitsStart(b.rules));
  b.take();
  b.feed(input::Stop{});
  CHECK(b.take() == "STOPPED");
  b.rules.held = false;
  CHECK_FALSE(b.machine.awaitsStart(b.rules));

  b.pacing.fatalRetry = core::seconds(300);
  b.rules.startRetries = 0;
  b.feed(input::Start{});
  b.feed(input::Exited{1});
  b.take();
  b.feed(input::Stop{});
  CHECK(b.take() == "STOPPED");
  CHECK_FALSE(b.machine.deadline(b.rules));

  b.rules.pacing = nullptr;  // Supervisor's: it is not running, and is started again
  b.run();
  b.feed(input::Exited{1});
  b.take();
  b.feed(input::Stop{});
  CHECK(b.take().empty());
  CHECK(b.machine.deadline(b.rules));
}

TEST_CASE("nothing is tried again while a dependence is missing or the supervisor goes down") {
  for (const bool held : {true, false}) {
    Bench b;
    b.rules.startRetries = 0;
    b.paced().fatalRetry = core::seconds(10);
    b.feed(input::Start{});
    b.feed(input::Exited{1});
    (held ? b.rules.held : b.rules.mayStart) = held;
    CHECK_FALSE(b.machine.deadline(b.rules));
    b.now += core::seconds(60);
    b.feed(input::Deadline{});
    CHECK(b.machine.state() == ProcessState::Fatal);
    (held ? b.rules.held : b.rules.mayStart) = !held;
    b.jump();
    CHECK(b.machine.state() == ProcessState::Starting);
  }
}

TEST_CASE("a pacing continues in a successor") {
  Bench b;
  b.paced() = pacing(2000, {}, 2000);
  b.pacing.limit = 4;
  b.pacing.limitWindow = core::seconds(3600);
  b.run();
  CHECK(loopOf(b, 2) == Delays{2000, 4000});
  Bench successor;
  successor.now = b.now;
  successor.paced() = b.pacing;
  successor.machine.restore(b.machine.save());
  CHECK(loopOf(successor, 5) == Delays{8000, 16'000, 32'000});
  CHECK(successor.machine.state() == ProcessState::Fatal);
}
