// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace output {

/// Reads a log from near its end on, as it grows. A file that was replaced (rotated) is read to its end, then the new
/// one from its start; one that was truncated is read from its new start.
class LogFollower {
 public:
  explicit LogFollower(std::string path) : path_(std::move(path)) {}

  /// Positions `back` bytes before the end. Fails if the file cannot be opened.
  core::Status open(std::int64_t back);
  /// Continues in `file`, which may have another name by now, at `offset`.
  void resume(core::UniqueFd file, std::int64_t offset) noexcept {
    fd_ = std::move(file);
    offset_ = offset;
  }
  /// The file that is read, and where the next byte is read from it.
  [[nodiscard]] int file() const noexcept { return fd_.get(); }
  [[nodiscard]] std::int64_t offset() const noexcept { return offset_; }
  /// At most `limit` bytes that were not read yet; empty when there is no more for now.
  [[nodiscard]] std::string read(std::size_t limit);
  /// Whether what was read last is the beginning of another file, or of the same one after it was truncated. Once for
  /// each beginning.
  [[nodiscard]] bool takeBegun() noexcept { return std::exchange(begun_, false); }

 private:
  bool follow();
  void restart() noexcept;

  std::string path_;
  core::UniqueFd fd_;
  std::int64_t offset_ = 0;
  bool begun_ = false;
};

}  // namespace output
