// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <string>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace output {

/// An opened log target.
struct Target {
  core::UniqueFd fd;
  struct stat facts {};
  bool shared = false;    ///< a duplicate: its O_NONBLOCK is not ours to set
  core::UniqueFd keeper;  ///< of a FIFO: a reading end, so that what is written waits for a later reader
  std::string path{};     ///< it was opened by
  [[nodiscard]] bool regular() const noexcept { return S_ISREG(facts.st_mode); }
};

/// Opens `path` for appending and creates it if needed; never waits (a FIFO needs no reader). /dev/stdout and the like
/// are duplicated where they are files, or cannot be opened: sockets, or pipes of another user. The error's code is the
/// errno.
[[nodiscard]] core::Expected<Target> openTarget(const std::string& path, bool truncate = false);

/// The descriptor number that is meant by /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N; -1 for other paths.
[[nodiscard]] int descriptorOf(const std::string& path) noexcept;

}  // namespace output
