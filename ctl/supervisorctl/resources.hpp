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
  double overSeconds = 0;    ///< the time in which that was used
  [[nodiscard]] double cpuPercent() const noexcept { return overSeconds > 0 ? 100 * cpuSeconds / overSeconds : 0; }
};

/// One look at every process of this machine, by what cannot block (core::proc): an account can have others that hang.
class ProcessTable {
 public:
  [[nodiscard]] static ProcessTable read();
  /// The usage of `pid` and what it started, if it is a child of `parent`: a pid from another machine or another
  /// pid namespace is somebody else here. `overSeconds` is for the caller.
  [[nodiscard]] std::optional<Usage> usageOf(pid_t pid, pid_t parent) const;

 private:
  std::unordered_map<pid_t, pid_t> parents_;
  std::unordered_map<pid_t, std::vector<pid_t>> children_;
};

/// "12.3M": bytes for people.
[[nodiscard]] std::string bytesText(std::uint64_t bytes);
/// "3.1%"
[[nodiscard]] std::string percentText(double percent);

}  // namespace ctl
