// SPDX-License-Identifier: MIT
#include "instance/http/seats.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

using Taken = std::vector<std::size_t>;

TEST_CASE("a single gate may use everything") {
  CHECK_FALSE(http::whoYields(Taken{9}, 10, 0));
  CHECK(http::whoYields(Taken{10}, 10, 0) == 0);
  CHECK(http::whoYields(Taken{1}, 1, 0) == 0);
}

TEST_CASE("a gate's own part is available to it, whatever the others use") {
  CHECK_FALSE(http::whoYields(Taken{74, 0}, 100, 0));
  CHECK(http::whoYields(Taken{75, 0}, 100, 0) == 0);
  CHECK_FALSE(http::whoYields(Taken{75, 24}, 100, 1));
  CHECK(http::whoYields(Taken{75, 25}, 100, 1) == 1);
  CHECK(http::whoYields(Taken{75, 25}, 100, 0) == 0);
}

TEST_CASE("when the capacity has shrunk, the gate with most connections makes room for one below its part") {
  CHECK(http::whoYields(Taken{12, 0}, 12, 1) == 0);
  CHECK(http::whoYields(Taken{12, 0}, 12, 0) == 0);
  CHECK(http::whoYields(Taken{9, 3}, 12, 1) == 1);
  CHECK(http::whoYields(Taken{1, 0}, 1, 1) == 0);
}

TEST_CASE("in any order of connections, a gate below its part never has to yield to another one") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const std::size_t capacity = 6 + random() % 60;
    Taken taken(1 + random() % 3);
    const std::size_t part = capacity / (2 * taken.size());
    for (int i = 0; i < 300; ++i) {
      const std::size_t gate = random() % taken.size();
      if (random() % 4 == 0) {
        taken[gate] -= std::min<std::size_t>(taken[gate], 1);
        continue;
      }
      const auto loser = http::whoYields(taken, capacity, gate);
      if (loser) {
        REQUIRE(*loser == gate);
        REQUIRE(taken[gate] >= part);
        --taken[*loser];
      }
      ++taken[gate];
      REQUIRE(std::accumulate(taken.begin(), taken.end(), std::size_t{0}) <= capacity);
    }
  }
}
