// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// The files of /proc about processes. Of another account's process, only `status`, `statm`, `limits` and `cgroup` can
/// be read without blocking. The others (`stat`, `environ`, `exe`, `fd`, …) wait while the process is in the middle of
/// an exec, and the account can make an exec last forever with a file system of its own: read those only in a helper.
namespace core::proc {

/// This process, as the pid argument of the functions below.
inline constexpr pid_t kSelf = 0;

/// The processes that /proc shows, in its order; empty without /proc. Each may have ended meanwhile.
[[nodiscard]] std::vector<pid_t> allPids();

/// The first `size` bytes of /proc/PID/`file`, in `buffer`; empty if the process has ended. System calls only, so that
/// a child may call it between fork and exec.
[[nodiscard]] std::string_view read(pid_t pid, const char* file, char* buffer, std::size_t size) noexcept;

/// What follows `key` in the text of `status`, up to the end of the line. `key` is "\nPPid:": the first line has the
/// name of the process, in which a line feed is written as a backslash and an n.
[[nodiscard]] std::string_view field(std::string_view status, std::string_view key);

/// The start time in the text of `stat`: clock ticks since boot. A pid and its start time name one process: the pid
/// alone can be reused. 0 if the text does not have it.
[[nodiscard]] std::uint64_t startTimeIn(std::string_view stat) noexcept;
/// The start time of a process; 0 if it has ended. Reads `stat`, which can block. System calls only.
[[nodiscard]] std::uint64_t startTimeOf(pid_t pid) noexcept;

/// The number that `text` begins with; 0 if it does not.
template <class T>
[[nodiscard]] T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct Usage {
  std::uint64_t memory = 0;     ///< resident bytes; pages that processes share count for each
  std::uint64_t cpuMicros = 0;  ///< user and system time of all its threads since it began
};
/// nullopt: there is no such process.
[[nodiscard]] std::optional<Usage> usageOf(pid_t pid);

}  // namespace core::proc
