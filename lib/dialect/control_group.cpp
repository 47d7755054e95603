// SPDX-License-Identifier: MIT
#include "lib/dialect/control_group.hpp"

#include <string>

#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

using Limit = std::optional<std::uint64_t>;

/// No program runs with less: a smaller amount has lost its unit.
constexpr std::uint64_t kLeastMemory = 1024 * 1024;
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 62;
/// The kernel has no smaller one: a percent of a processor.
constexpr std::uint64_t kLeastQuota = ControlGroup::kCpuPeriod / 100;
/// A percentage or a number of processors.
constexpr std::int64_t kMostShare = 1'000'000;
constexpr std::uint64_t kMostQuota = (kMostShare + 1) * ControlGroup::kCpuPeriod;
constexpr std::int64_t kMostTasks = std::int64_t{1} << 30;

bool isUnlimited(std::string_view text) {
  const auto word = core::lower(core::trim(text));
  return word == "infinity" || word == "unlimited";
}

/// A number with an optional K, M, G or T, and B after that.
std::optional<std::uint64_t> bytesOf(std::string_view text) {
  auto digits = core::upper(core::trim(text));
  if (digits.size() > 1 && digits.back() == 'B') digits.pop_back();
  unsigned shift = 0;
  constexpr std::string_view units = "KMGT";
  if (!digits.empty())
    if (const auto unit = units.find(digits.back()); unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      digits.pop_back();
    }
  const auto number = core::parseInteger(core::trim(digits));
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > (kMostMemory >> shift)) return std::nullopt;
  return static_cast<std::uint64_t>(*number) << shift;
}

/// A number with up to three decimals.
std::optional<std::uint64_t> thousandthsOf(std::string_view text) {
  const auto point = text.find('.');
  std::string decimals(point == std::string_view::npos ? "" : text.substr(point + 1));
  if (point != std::string_view::npos && decimals.empty()) return std::nullopt;
  if (text.find_first_not_of("0123456789.") != std::string_view::npos || decimals.size() > 3) return std::nullopt;
  decimals.resize(3, '0');
  const auto whole = core::parseInteger(text.substr(0, point));
  const auto part = core::parseInteger(decimals);
  if (!whole || *whole > kMostShare || !part) return std::nullopt;
  return static_cast<std::uint64_t>(*whole * 1000 + *part);
}

}  // namespace

core::Expected<Limit> parseGroupMemory(std::string_view text) {
  if (isUnlimited(text)) return Limit();
  const auto bytes = bytesOf(text);
  if (!bytes)
    return refused(core::pythonRepr(text) + " is not a limit of memory: it is a size such as 64MB or 2GB, or infinity");
  if (*bytes < kLeastMemory)
    return refused(core::pythonRepr(text) +
                   " is less than a megabyte, with which no program runs; write 512MB for megabytes");
  return Limit(*bytes);
}

core::Expected<Limit> parseGroupCpu(std::string_view text) {
  if (isUnlimited(text)) return Limit();
  const auto trimmed = core::trim(text);
  const bool percent = trimmed.ends_with('%');
  const auto share =
      percent ? thousandthsOf(core::trim(trimmed.substr(0, trimmed.size() - 1))) : thousandthsOf(trimmed);
  const auto quota = share.value_or(0) * (ControlGroup::kCpuPeriod / 1000) / (percent ? 100 : 1);
  if (quota < kLeastQuota)
    return refused(
        core::pythonRepr(text) +
        " is not a limit of processor time: it is a number of processors such as 0.5 or 2, a percentage of one "
        "such as 50%, which is written 50%%, or infinity");
  return Limit(quota);
}

core::Expected<Limit> parseGroupTasks(std::string_view text) {
  if (isUnlimited(text)) return Limit();
  const auto number = core::parseInteger(core::trim(text));
  if (!number || *number < 1 || *number > kMostTasks)
    return refused(core::pythonRepr(text) +
                   " is not a limit of tasks: it is a number of processes and threads from 1 on, or infinity");
  return Limit(static_cast<std::uint64_t>(*number));
}

bool isPossible(const ControlGroup& limits) noexcept {
  for (const auto& bytes : {limits.memoryMax, limits.memoryHigh})
    if (bytes && (*bytes < kLeastMemory || *bytes > kMostMemory)) return false;
  if (limits.cpuQuota && (*limits.cpuQuota < kLeastQuota || *limits.cpuQuota > kMostQuota)) return false;
  return !limits.tasksMax || (*limits.tasksMax >= 1 && *limits.tasksMax <= std::uint64_t{kMostTasks});
}

void readControlGroup(SectionReader& in, const core::Names& names, ControlGroup& limits) {
  in.take("memory_max", names, parseGroupMemory, limits.memoryMax);
  in.take("memory_high", names, parseGroupMemory, limits.memoryHigh);
  in.take("cpu_max", names, parseGroupCpu, limits.cpuQuota);
  in.take("tasks_max", names, parseGroupTasks, limits.tasksMax);
  if (limits.memoryMax && limits.memoryHigh && *limits.memoryHigh > *limits.memoryMax)
    in.conflict("memory_high", {"memory_max"}, "it is above memory_max, and would never count");
}

}  // namespace config
