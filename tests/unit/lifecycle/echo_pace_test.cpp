// SPDX-License-Identifier: MIT
#include "lib/lifecycle/echo_pace.hpp"

#include <doctest/doctest.h>

#include <vector>

using core::Instant;
using core::seconds;
using lifecycle::EchoPace;

namespace {

Instant echoAt(int second) { return Instant() + seconds(1000 + second); }
int secondOf(Instant when) { return static_cast<int>((when - echoAt(0)) / seconds(1)); }

/// A program that is started again as soon as it may be, and changes something so many seconds after each start.
struct Writer {
  int after;
  EchoPace pace{};
  int now = 0;
  std::vector<int> pauses{};
  int reports = 0;

  void run(int answers) {
    pace.began(echoAt(now));
    for (int i = 0; i < answers; ++i) {
      const int start = now;
      pace.changed(echoAt(start + after));
      const int earliest = secondOf(pace.earliest());
      pauses.push_back(std::max(0, earliest - start));
      now = std::max(start + after, earliest);
      if (pace.answered(echoAt(now))) ++reports;
      pace.began(echoAt(now));
    }
  }
};

}  // namespace

TEST_CASE("what follows each start gets a growing pause with a bound, and is reported once") {
  Writer writer{1};
  writer.run(30);
  const std::vector<int> first(writer.pauses.begin(), writer.pauses.begin() + 11);
  CHECK(first == std::vector<int>{0, 0, 0, 1, 2, 4, 8, 10, 10, 10, 10});
  CHECK(writer.pauses.back() == 10);
  CHECK(writer.reports == 1);
}

TEST_CASE("what comes later than soon after a start is answered immediately") {
  Writer slow{11};
  slow.run(30);
  CHECK(slow.pauses == std::vector<int>(30, 0));
  CHECK(slow.reports == 0);
  Writer limit{10};
  limit.run(6);
  CHECK(limit.reports == 1);
}

TEST_CASE("a later change ends the row, and another row is reported again") {
  Writer writer{1};
  writer.run(8);
  CHECK(writer.reports == 1);
  writer.pauses.clear();
  writer.after = 11;
  writer.run(1);
  CHECK(writer.pauses == std::vector<int>{0});
  writer.after = 1;
  writer.run(5);
  CHECK(writer.pauses == std::vector<int>{0, 0, 0, 1, 2, 4});
  CHECK(writer.reports == 2);
}

TEST_CASE("a change of a program whose start nobody saw is not an echo") {
  EchoPace pace;
  pace.changed(echoAt(0));
  CHECK(pace.earliest() < echoAt(0));
  CHECK_FALSE(pace.answered(echoAt(0)));
}

TEST_CASE("other settings begin a new row") {
  Writer writer{1};
  writer.run(8);
  writer.pace.reset();
  writer.pauses.clear();
  writer.run(4);
  CHECK(writer.pauses == std::vector<int>{0, 0, 0, 1});
}
