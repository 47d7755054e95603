// SPDX-License-Identifier: MIT
#include "instance/process/group_writes.hpp"

#include <fmt/core.h>

namespace process {
namespace {

std::string textOf(const std::optional<std::uint64_t>& limit) { return limit ? std::to_string(*limit) : "max"; }

}  // namespace

/// A program that is out of memory is killed as a whole: with one of its processes gone it would be neither well nor
/// restarted.
std::vector<GroupWrite> groupWrites(const config::ControlGroup& limits) {
  constexpr auto period = config::ControlGroup::kCpuPeriod;
  return {
      {"memory_high", "memory", "memory.high", textOf(limits.memoryHigh), limits.memoryHigh.has_value()},
      {"memory_max", "memory", "memory.max", textOf(limits.memoryMax), limits.memoryMax.has_value()},
      {"memory_max", "memory", "memory.oom.group", limits.memoryMax ? "1" : "0", false},
      {"cpu_max", "cpu", "cpu.max", fmt::format("{} {}", textOf(limits.cpuQuota), period), limits.cpuQuota.has_value()},
      {"tasks_max", "pids", "pids.max", textOf(limits.tasksMax), limits.tasksMax.has_value()},
  };
}

}  // namespace process
