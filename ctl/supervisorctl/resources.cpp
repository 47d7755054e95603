// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/resources.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>

#include "lib/core/text.hpp"
#include "lib/core/unique_fd.hpp"

namespace ctl {

std::optional<ProcessTable::Entry> ProcessTable::readEntry(const std::string& pid) {
  const core::UniqueFd fd(::open(("/proc/" + pid + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text;
  const ssize_t count = fd ? ::read(fd.get(), text.data(), text.size() - 1) : -1;
  if (count <= 0) return std::nullopt;
  text[static_cast<std::size_t>(count)] = '\0';
  // The second field is the command in parentheses, with anything in it; what follows the last one is regular
  // (proc(5)).
  const char* rest = std::strrchr(text.data(), ')');
  if (!rest) return std::nullopt;
  Entry entry;
  std::uint64_t user = 0, system = 0, start = 0, pages = 0;
  const int fields = std::sscanf(rest + 2,
                                 "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                                 " %*d %*d %*d %*d %*d %*d %" SCNu64 " %*u %" SCNu64,
                                 &entry.parent, &user, &system, &start, &pages);
  if (fields != 5) return std::nullopt;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  entry.memory = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  entry.cpuSeconds = static_cast<double>(user + system) / ticks;
  entry.startedAt = static_cast<double>(start) / ticks;
  return entry;
}

ProcessTable ProcessTable::read() {
  ProcessTable table;
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  table.now_ = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  if (!directory) return table;
  while (const dirent* item = ::readdir(directory.get())) {
    const auto pid = core::parseInteger(item->d_name);
    if (!pid) continue;
    const auto entry = readEntry(item->d_name);
    if (!entry) continue;
    table.entries_.emplace(static_cast<pid_t>(*pid), *entry);
    table.children_[entry->parent].push_back(static_cast<pid_t>(*pid));
  }
  return table;
}

std::optional<Usage> ProcessTable::usageOf(pid_t pid, pid_t parent) const {
  const auto found = entries_.find(pid);
  if (found == entries_.end() || found->second.parent != parent) return std::nullopt;
  Usage usage;
  usage.ageSeconds = now_ - found->second.startedAt;
  std::vector<pid_t> open{pid};
  while (!open.empty()) {
    const pid_t next = open.back();
    open.pop_back();
    const auto entry = entries_.find(next);
    if (entry == entries_.end()) continue;
    usage.memory += entry->second.memory;
    usage.cpuSeconds += entry->second.cpuSeconds;
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
