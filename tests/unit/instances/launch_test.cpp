// SPDX-License-Identifier: MIT
#include "daemon/instances/launch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

std::string valueOf(const core::SpawnSpec& spec, const std::string& key) {
  for (const auto& line : spec.environment)
    if (line.starts_with(key + '=')) return line.substr(key.size() + 1);
  return "(none)";
}

}  // namespace

TEST_CASE("a copy that takes over gets the journal first, and each descriptor with its name") {
  core::SpawnSpec spec;
  spec.descriptors = {{50, 0}, {50, 1}, {51, 2}};
  CHECK(instances::addKept(spec, {{"exits", 60}, {"p1.in", 61}, {"p1.out", 62}, {"state", 63}}, "signal 9") == 0);
  CHECK(spec.descriptors ==
        std::vector<std::pair<int, int>>{{50, 0}, {50, 1}, {51, 2}, {60, 3}, {63, 4}, {61, 5}, {62, 6}});
  CHECK(valueOf(spec, "LISTEN_FDS") == "4");
  CHECK(valueOf(spec, "LISTEN_FDNAMES") == "exits:state:p1.in:p1.out");
  CHECK(valueOf(spec, "LISTEN_PID") == "(none)");
  CHECK(valueOf(spec, "SUPERVISORD_CRASH") == "signal 9");
}

TEST_CASE("the names of all pipes that are kept fit into a variable, and more than that does not make exec fail") {
  std::vector<std::pair<std::string, int>> kept{{"exits", 9}, {"state", 10}};
  for (int program = 1; program <= 4096; ++program)
    for (const char* which : {".err", ".in", ".out"}) kept.emplace_back("p" + std::to_string(program) + which, 11);
  core::SpawnSpec all;
  CHECK(instances::addKept(all, kept, "signal 9") == 0);
  CHECK(valueOf(all, "LISTEN_FDS") == "12290");
  CHECK(all.descriptors.back().second == 12292);

  for (int program = 1'000'000; program < 1'005'000; ++program) kept.emplace_back("p" + std::to_string(program), 11);
  core::SpawnSpec some;
  const auto left = instances::addKept(some, kept, "signal 9");
  CHECK(left > 0);
  CHECK(some.descriptors.size() == kept.size() - left);
  CHECK(valueOf(some, "LISTEN_FDS") == std::to_string(some.descriptors.size()));
  const auto names = valueOf(some, "LISTEN_FDNAMES");
  CHECK(names.size() < 131'000);
  CHECK(static_cast<std::size_t>(std::count(names.begin(), names.end(), ':')) + 1 == some.descriptors.size());
}
