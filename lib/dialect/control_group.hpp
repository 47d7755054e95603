// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "lib/core/expansion.hpp"
#include "lib/core/result.hpp"

namespace config {

class SectionReader;

/// Limits of a program with all processes that it starts, by a control group of its own. Unset: no limit.
struct ControlGroup {
  std::optional<std::uint64_t> memoryMax;   ///< bytes; what needs more is killed
  std::optional<std::uint64_t> memoryHigh;  ///< bytes; what needs more is slowed down
  std::optional<std::uint64_t> cpuQuota;    ///< microseconds of processor time in each period of kCpuPeriod
  std::optional<std::uint64_t> tasksMax;    ///< processes and threads

  static constexpr std::uint64_t kCpuPeriod = 100'000;  ///< microseconds

  [[nodiscard]] bool any() const noexcept { return memoryMax || memoryHigh || cpuQuota || tasksMax; }
  bool operator==(const ControlGroup&) const = default;
};

/// "64MB", "2G", or infinity: nullopt.
[[nodiscard]] core::Expected<std::optional<std::uint64_t>> parseGroupMemory(std::string_view text);
/// "1.5" processors, "50%" of one, or infinity, as cpuQuota has it.
[[nodiscard]] core::Expected<std::optional<std::uint64_t>> parseGroupCpu(std::string_view text);
[[nodiscard]] core::Expected<std::optional<std::uint64_t>> parseGroupTasks(std::string_view text);

/// Reads memory_max, memory_high, cpu_max and tasks_max.
void readControlGroup(SectionReader& in, const core::Names& names, ControlGroup& limits);

}  // namespace config
