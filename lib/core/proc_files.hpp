// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

/// What one process shows of itself, by the files of /proc that cannot block: `status`, `statm`, `cgroup`. Others
/// (`stat`, `environ`, `exe`, `fd`, …) wait while the process is in the middle of an exec, and whoever owns it can make
/// an exec last for ever, with a file system of its own.
namespace core::proc {

/// The beginning of the file, in `buffer`; empty if the process is gone.
[[nodiscard]] std::string_view read(pid_t pid, const char* file, char* buffer, std::size_t size);

/// What follows `key` in the text of `status`, up to the end of the line. `key` is "\nPPid:": the first line has the
/// name of the process, in which a line feed is written as a backslash and an n.
[[nodiscard]] std::string_view field(std::string_view status, std::string_view key);

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
