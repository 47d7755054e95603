// SPDX-License-Identifier: MIT
#include "lib/lifecycle/health.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace {

using core::milliseconds;
using core::seconds;
using lifecycle::HealthRules;
using lifecycle::HealthState;
using lifecycle::HealthTrack;

/// A program that is asked each 10 seconds, with a clock of its own.
struct Watched {
  Watched() { rules.probed = true; }
  void begin() { last = track.begin(rules, now, 0); }
  void go(core::Duration span) { now += span; }
  /// Asks when the next question is due, and answers it.
  void ask(std::string_view why, core::Duration took = milliseconds(1)) {
    const auto due = track.deadline(rules);
    REQUIRE(due);
    now = std::max(now, *due);
    REQUIRE(track.wantsQuestion(rules, now));
    track.asked(now);
    CHECK_FALSE(track.wantsQuestion(rules, now + seconds(3600)));
    go(took);
    last = track.answered(why, rules, now, 0);
  }
  [[nodiscard]] core::Duration untilDue() const { return track.deadline(rules).value() - now; }
  [[nodiscard]] bool is(HealthState state, bool changed, bool act) const {
    return track.state() == state && last.changed == changed && last.act == act;
  }
  HealthRules rules;
  HealthTrack track;
  core::Instant now{seconds(1000)};
  HealthTrack::Outcome last;
};

TEST_CASE("times that change count immediately") {
  Watched bench;
  bench.rules.interval = seconds(3600);
  bench.rules.watchdog = seconds(30);
  bench.begin();
  bench.ask("");
  bench.go(seconds(20));
  bench.rules.interval = seconds(10);
  bench.track.renew(bench.rules, bench.now);
  CHECK(bench.untilDue() == seconds(10));
  bench.rules.interval = seconds(3600);  // not later than it was
  bench.track.renew(bench.rules, bench.now);
  CHECK(bench.untilDue() == seconds(10));
}

TEST_CASE("a watchdog that ends is forgiven") {
  Watched bench;
  bench.rules.watchdog = seconds(1);
  bench.begin();
  bench.ask("");
  bench.last = bench.track.failed("ill");
  bench.rules.watchdog = seconds(0);
  bench.track.renew(bench.rules, bench.now);
  CHECK(bench.track.state() == HealthState::Unhealthy);
  bench.ask("");
  CHECK(bench.track.state() == HealthState::Healthy);
}

TEST_CASE("a program without a check has no health") {
  Watched bench;
  bench.rules = {};
  bench.begin();
  CHECK(bench.is(HealthState::None, false, false));
  CHECK_FALSE(bench.track.deadline(bench.rules));
}

TEST_CASE("healthy from the first good answer on") {
  Watched bench;
  CHECK_FALSE(bench.track.deadline(bench.rules));
  bench.begin();
  CHECK(bench.is(HealthState::Starting, true, false));
  CHECK(bench.untilDue() == seconds(0));
  bench.ask("");
  CHECK(bench.is(HealthState::Healthy, true, false));
  bench.ask("");
  CHECK(bench.is(HealthState::Healthy, false, false));
  CHECK(bench.untilDue() == seconds(10) - milliseconds(1));
  bench.last = bench.track.end();
  CHECK(bench.is(HealthState::None, true, false));
  CHECK_FALSE(bench.track.deadline(bench.rules));
}

TEST_CASE("unhealthy after so many failures in a row, and acted upon again after as many") {
  Watched bench;
  bench.begin();
  bench.ask("");
  bench.ask("a");
  bench.ask("b");
  CHECK(bench.is(HealthState::Healthy, false, false));
  bench.ask("");
  CHECK(bench.track.failures() == 0);
  CHECK(bench.track.lastError() == "b");
  bench.ask("c");
  bench.ask("d");
  bench.ask("e");
  CHECK(bench.is(HealthState::Unhealthy, true, true));
  bench.ask("f");
  bench.ask("g");
  CHECK(bench.is(HealthState::Unhealthy, false, false));
  bench.ask("h");
  CHECK(bench.is(HealthState::Unhealthy, false, true));
  CHECK(bench.track.failures() == 6);
  bench.ask("");
  CHECK(bench.is(HealthState::Healthy, true, false));
}

TEST_CASE("in the start period failures do not count, and the questions come faster") {
  Watched bench;
  bench.rules.startPeriod = seconds(30);
  bench.begin();
  for (int i = 0; i < 5; ++i) {
    bench.ask("refused");
    CHECK(bench.is(HealthState::Starting, false, false));
    CHECK(bench.untilDue() == seconds(1) - milliseconds(1));
  }
  CHECK(bench.track.lastError() == "refused");
  bench.go(seconds(30));
  for (int i = 0; i < 3; ++i) bench.ask("refused");
  CHECK(bench.is(HealthState::Unhealthy, true, true));
}

TEST_CASE("the first good answer ends the start period") {
  Watched bench;
  bench.rules.startPeriod = seconds(3600);
  bench.begin();
  bench.ask("");
  for (int i = 0; i < 3; ++i) bench.ask("refused");
  CHECK(bench.is(HealthState::Unhealthy, true, true));
}

TEST_CASE("questions do not pile up") {
  Watched bench;
  bench.begin();
  bench.ask("", seconds(60));
  CHECK(bench.untilDue() == seconds(1));
  bench.ask("", seconds(4));
  CHECK(bench.untilDue() == seconds(6));
}

TEST_CASE("programs that start together are asked apart") {
  Watched bench;
  bench.last = bench.track.begin(bench.rules, bench.now, 512);
  CHECK(bench.untilDue() == milliseconds(500));
  bench.go(milliseconds(500));
  bench.track.asked(bench.now);
  (void)bench.track.answered("", bench.rules, bench.now, 1023);
  CHECK(bench.untilDue() > milliseconds(10'900));
  CHECK(bench.untilDue() < milliseconds(11'000));
}

TEST_CASE("a question without an outcome is asked again") {
  Watched bench;
  bench.begin();
  bench.track.asked(bench.now);
  CHECK_FALSE(bench.track.deadline(bench.rules));
  bench.track.forgotten(bench.now);
  CHECK(bench.untilDue() == seconds(1));
  CHECK(bench.track.failures() == 0);
}

TEST_CASE("an answer that comes after the end does nothing") {
  Watched bench;
  bench.begin();
  bench.track.asked(bench.now);
  (void)bench.track.end();
  bench.last = bench.track.answered("late", bench.rules, bench.now, 0);
  CHECK(bench.is(HealthState::None, false, false));
}

struct Watchdog : Watched {
  Watchdog() {
    rules.probed = false;
    rules.watchdog = seconds(30);
  }
  void pass() { last = track.passed(rules, now); }
  void hear() { last = track.heard(rules, now); }
};

TEST_CASE("a watchdog's reports") {
  Watchdog bench;
  bench.begin();
  CHECK(bench.is(HealthState::Starting, true, false));
  CHECK(bench.untilDue() == seconds(30));
  bench.go(seconds(20));
  bench.hear();
  CHECK(bench.is(HealthState::Healthy, true, false));
  CHECK(bench.untilDue() == seconds(30));
  bench.go(seconds(29));
  bench.pass();
  CHECK(bench.is(HealthState::Healthy, false, false));
  bench.go(seconds(1));
  bench.pass();
  CHECK(bench.is(HealthState::Unhealthy, true, true));
  CHECK(bench.track.lastError() == "no WATCHDOG=1 for 30 seconds");
  CHECK(bench.untilDue() == seconds(30));
  bench.hear();
  CHECK(bench.is(HealthState::Healthy, true, false));
}

TEST_CASE("a watchdog's first report has the start period too") {
  Watchdog bench;
  bench.rules.startPeriod = seconds(60);
  bench.begin();
  CHECK(bench.untilDue() == seconds(90));
}

TEST_CASE("a program that says itself that it does not work") {
  Watchdog bench;
  bench.last = bench.track.failed("trigger");
  CHECK(bench.is(HealthState::None, false, false));
  bench.begin();
  bench.last = bench.track.failed("trigger");
  CHECK(bench.is(HealthState::Unhealthy, true, true));
}

TEST_CASE("with a check and a watchdog both have to be good") {
  Watchdog bench;
  bench.rules.probed = true;
  bench.begin();
  bench.hear();
  CHECK(bench.is(HealthState::Starting, false, false));
  bench.ask("");
  CHECK(bench.is(HealthState::Healthy, true, false));
  bench.go(seconds(30));
  bench.pass();
  CHECK(bench.is(HealthState::Unhealthy, true, true));
  bench.ask("");
  CHECK(bench.is(HealthState::Unhealthy, false, false));
  bench.hear();
  CHECK(bench.is(HealthState::Healthy, true, false));
}

TEST_CASE("a successor continues, and gives the watchdog its whole time") {
  Watchdog bench;
  bench.rules.probed = true;
  bench.begin();
  bench.ask("");
  bench.ask("a");
  const auto saved = bench.track.save();
  HealthTrack next;
  next.restore(saved, bench.rules, bench.now + seconds(100));
  CHECK(next.state() == HealthState::Healthy);
  CHECK(next.failures() == 1);
  CHECK(next.lastError() == "a");
  CHECK_FALSE(next.passed(bench.rules, bench.now + seconds(129)).act);
  CHECK(next.passed(bench.rules, bench.now + seconds(130)).act);
  CHECK(next.wantsQuestion(bench.rules, bench.now + seconds(100)));
}

TEST_CASE("whatever happens, the state fits what is known") {
  std::mt19937 random(42);  // NOLINT(cert-msc51-cpp): the same each time
  const auto draw = [&random] { return static_cast<std::uint32_t>(random()); };
  for (int run = 0; run < 200; ++run) {
    Watchdog bench;
    bench.rules.probed = draw() % 2 == 0;
    bench.rules.watchdog = draw() % 2 == 0 ? seconds(0) : seconds(30);
    bench.rules.retries = static_cast<int>(draw() % 3) + 1;
    if (!bench.rules.any()) continue;
    for (int step = 0; step < 200; ++step) {
      bench.last = {};
      const auto before = bench.track.state();
      bench.go(milliseconds(draw() % 20'000));
      switch (draw() % 8) {
        case 0: bench.last = bench.track.begin(bench.rules, bench.now, draw()); break;
        case 1: bench.last = draw() % 8 == 0 ? bench.track.end() : HealthTrack::Outcome(); break;
        case 2: bench.pass(); break;
        case 3: bench.hear(); break;
        case 4: bench.last = bench.track.answered(draw() % 2 == 0 ? "" : "why", bench.rules, bench.now, draw()); break;
        case 5: bench.track.forgotten(bench.now); break;
        default:
          if (bench.track.wantsQuestion(bench.rules, bench.now)) bench.track.asked(bench.now);
      }
      const auto state = bench.track.state();
      CHECK(bench.last.changed == (before != state));
      if (bench.last.act) CHECK(state == HealthState::Unhealthy);
      if (state == HealthState::Unhealthy) CHECK_FALSE(bench.track.lastError().empty());
      if (state == HealthState::None) CHECK_FALSE(bench.track.deadline(bench.rules));
      // It never waits for nothing: there is a question, or a deadline.
      if (state != HealthState::None) CHECK((bench.track.asking() || bench.track.deadline(bench.rules)));
    }
  }
}

}  // namespace
