// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace ctl {

/// The resources that a program and all its descendants use.
struct Usage {
  std::uint64_t memory = 0;  ///< resident bytes; pages shared between them count for each
  double cpuSeconds = 0;     ///< user and system time so far
  double overSeconds = 0;    ///< the period in which it was used
  [[nodiscard]] double cpuPercent() const noexcept { return overSeconds > 0 ? 100 * cpuSeconds / overSeconds : 0; }
};

/// A snapshot of all processes of this machine. It uses only files of /proc that cannot block (core::proc): an account
/// could make others hang.
class ProcessTable {
 public:
  [[nodiscard]] static ProcessTable read();
  /// The usage of `pid` and its descendants, if it is a child of `parent`: the pid of a server on another machine or in
  /// another pid namespace is a different process here. The caller sets `overSeconds`.
  [[nodiscard]] std::optional<Usage> usageOf(pid_t pid, pid_t parent) const;

 private:
  std::unordered_map<pid_t, pid_t> parents_;
  std::unordered_map<pid_t, std::vector<pid_t>> children_;
};

/// "12.3M"
[[nodiscard]] std::string bytesText(std::uint64_t bytes);
/// "3.1%"
[[nodiscard]] std::string percentText(double percent);

}  // namespace ctl
