// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>

/// A mark on a process that everything which descends from it has, too: it outlives the parent, a new session, a new
/// program and an empty environment. It is the limit RLIMIT_LOCKS, which Linux does not enforce since 2.4.25
/// (getrlimit(2)). Without CAP_SYS_RESOURCE a process can lower it, which no program has a reason for, but not raise
/// it. /proc shows it to all, without waiting for the process.
namespace core::family_mark {

/// The mark of the process `leader` that was started at `startTicks`, clock ticks since boot: no other process of this
/// boot has it. Never 0. Those that start later have lower ones: a process with a mark can give another to a child.
[[nodiscard]] constexpr std::uint64_t of(pid_t leader, std::uint64_t startTicks) noexcept {
  constexpr int kPidBits = 22;  // the kernel's PID_MAX_LIMIT
  return (std::uint64_t{1} << 62) - (startTicks << kPidBits) - static_cast<std::uint64_t>(leader);
}

/// Gives this process a mark. System calls only. Fails if its limit is lower than that.
bool put(std::uint64_t mark) noexcept;

/// The limit of a process, which is its mark if it has one; 0: it has no limit, or has ended.
[[nodiscard]] std::uint64_t get(pid_t pid) noexcept;

}  // namespace core::family_mark
