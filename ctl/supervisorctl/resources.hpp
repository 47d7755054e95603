// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ctl {

/// What a program and all its descendants use.
struct Usage {
  std::uint64_t memory = 0;  ///< resident bytes; pages shared between them count for each
  double cpuSeconds = 0;     ///< user and system time so far
  double ageSeconds = 0;     ///< of the program itself
  [[nodiscard]] double cpuPercent() const noexcept { return ageSeconds > 0 ? 100 * cpuSeconds / ageSeconds : 0; }
};

/// One look at every process of this machine, from /proc.
class ProcessTable {
 public:
  [[nodiscard]] static ProcessTable read();
  /// The usage of `pid` and what it started, if it is a child of `parent`: a pid from another machine or another
  /// pid namespace is somebody else here.
  [[nodiscard]] std::optional<Usage> usageOf(pid_t pid, pid_t parent) const;

 private:
  struct Entry {
    pid_t parent = 0;
    std::uint64_t memory = 0;
    double cpuSeconds = 0;
    double startedAt = 0;  ///< seconds after the boot
  };
  static std::optional<Entry> readEntry(const std::string& pid);

  std::unordered_map<pid_t, Entry> entries_;
  std::unordered_map<pid_t, std::vector<pid_t>> children_;
  double now_ = 0;
};

/// "12.3M": bytes for people.
[[nodiscard]] std::string bytesText(std::uint64_t bytes);
/// "3.1%"
[[nodiscard]] std::string percentText(double percent);

}  // namespace ctl
