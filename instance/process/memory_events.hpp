// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "lib/core/clock.hpp"

namespace process {

/// What the kernel counts in our control group: whether it has killed a process since memory ran out. Files are read
/// when that is asked, which is after the end of a program by a SIGKILL that we did not send. Without cgroup v2 there
/// is nothing to tell.
class MemoryEvents {
 public:
  /// `root` is where the tree of control groups is mounted, `own` the file that names ours.
  explicit MemoryEvents(std::string root = "/sys/fs/cgroup", std::string own = "/proc/self/cgroup");

  /// Whether one more process was killed for want of memory than earlier calls have told: "control group /x has a limit
  /// of 96 MB (memory.max)" or the like; empty if not. Several that are killed at once are told one by one.
  [[nodiscard]] std::string takeKill();

 private:
  [[nodiscard]] std::string directory() const;
  [[nodiscard]] std::uint64_t killed() const;
  [[nodiscard]] std::string limit() const;

  std::string root_;
  std::string own_;
  std::uint64_t told_ = 0;   ///< of what is counted, what was there before us included
  std::uint64_t spare_ = 0;  ///< counted together with one that was told, and not told yet
  core::Instant spareAt_{};
};

}  // namespace process
