// SPDX-License-Identifier: MIT
#include "instance/process/group_writes.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

/// "FILE=VALUE" of each write, those without a limit in brackets.
std::string written(const config::ControlGroup& limits) {
  std::string out;
  for (const auto& one : process::groupWrites(limits)) {
    const auto text = std::string(one.file) + "=" + one.value;
    out += (out.empty() ? "" : " ") + (one.limits ? text : "[" + text + "]");
  }
  return out;
}

}  // namespace

TEST_CASE("a group gets its limits, and loses those that it had") {
  config::ControlGroup limits;
  CHECK(written(limits) ==
        "[memory.high=max] [memory.max=max] [memory.oom.group=0] [cpu.max=max 100000] [pids.max=max]");
  limits.memoryMax = 64U << 20U;
  CHECK(written(limits) ==
        "[memory.high=max] memory.max=67108864 [memory.oom.group=1] [cpu.max=max 100000] [pids.max=max]");
  limits = {};
  limits.memoryHigh = 1U << 20U;
  limits.cpuQuota = 150'000;
  limits.tasksMax = 40;
  CHECK(written(limits) ==
        "memory.high=1048576 [memory.max=max] [memory.oom.group=0] cpu.max=150000 100000 pids.max=40");
}
