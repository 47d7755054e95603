// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/core/clock.hpp"

namespace process {

/// How the reason of such an end begins in the description of a program that uses a key which Supervisor does not have.
inline constexpr std::string_view kMemoryEnd = "killed because memory ran out";

/// The kernel's count of processes of our control group that it killed because memory ran out. Its files are read only
/// after a program was ended by a SIGKILL that we did not send. Without cgroup v2 nothing is found.
class MemoryEvents {
 public:
  /// `root` is where the tree of control groups is mounted, `own` the file that names ours.
  explicit MemoryEvents(std::string root = "/sys/fs/cgroup", std::string own = "/proc/self/cgroup");

  /// If more processes were killed than earlier calls have returned, the reason of the next one: "control group /x has
  /// a limit of 96 MB (memory.max)" or the like; else empty. Kills that are counted together are returned one by one.
  [[nodiscard]] std::string takeKill();

 private:
  [[nodiscard]] std::string directory() const;
  [[nodiscard]] std::uint64_t killed() const;
  [[nodiscard]] std::string limit() const;

  std::string root_;
  std::string own_;
  std::uint64_t told_ = 0;   ///< the count at the last call, or when we started
  std::uint64_t spare_ = 0;  ///< kills that were counted together with a returned one, and not returned yet
  core::Instant spareAt_{};
};

}  // namespace process
