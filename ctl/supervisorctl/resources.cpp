// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/resources.hpp"

#include <array>
#include <cstdio>

#include "lib/core/proc_files.hpp"

namespace ctl {

ProcessTable ProcessTable::read() {
  ProcessTable table;
  for (const pid_t pid : core::proc::allPids()) {
    std::array<char, 4096> text;
    const auto parent = core::proc::field(core::proc::read(pid, "status", text.data(), text.size()), "\nPPid:");
    if (parent.empty()) continue;
    table.parents_[pid] = core::proc::number<pid_t>(parent);
    table.children_[table.parents_[pid]].push_back(pid);
  }
  return table;
}

std::optional<Usage> ProcessTable::usageOf(pid_t pid, pid_t parent) const {
  const auto found = parents_.find(pid);
  if (found == parents_.end() || found->second != parent) return std::nullopt;
  Usage usage;
  std::vector<pid_t> open{pid};
  while (!open.empty()) {
    const pid_t next = open.back();
    open.pop_back();
    const auto one = core::proc::usageOf(next).value_or(core::proc::Usage{});
    usage.memory += one.memory;
    usage.cpuSeconds += static_cast<double>(one.cpuMicros) / 1e6;
    if (const auto children = children_.find(next); children != children_.end())
      open.insert(open.end(), children->second.begin(), children->second.end());
  }
  return usage;
}

std::string bytesText(std::uint64_t bytes) {
  constexpr std::array<char, 5> kUnits{'K', 'M', 'G', 'T', 'P'};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1000 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), value < 10 ? "%.1f%c" : "%.0f%c", value, kUnits[unit]);
  return text.data();
}

std::string percentText(double percent) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f%%", percent);
  return text.data();
}

}  // namespace ctl
