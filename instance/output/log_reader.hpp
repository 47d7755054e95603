// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace output {

/// The most that one call reads of a log: an answer has to fit into memory, and a log may be much larger.
constexpr std::int64_t kMostRead = std::int64_t{32} << 20;

struct ReadError {
  enum class Kind { BadArguments, NoFile, TooLarge, Failed };
  Kind kind = Kind::Failed;
  std::string text;
};

/// Opens a log for reading and sets `size`. The descriptor is invalid if that fails or it is not a regular file: a
/// terminal or a pipe has no offsets. Never waits for a FIFO.
[[nodiscard]] core::UniqueFd openLog(const std::string& path, std::int64_t& size);
/// `length` bytes from `offset` on, fewer at the end of the file; more than kMostRead is too large.
[[nodiscard]] core::Result<std::string, ReadError> readAt(int fd, std::int64_t offset, std::int64_t length);

/// Bytes of a log by offset. `offset` < 0 with `length` 0: the last -offset bytes; `length` 0: all from `offset` on;
/// beyond the end: nothing. Other negative values are bad arguments; more than kMostRead is too large, with the number
/// as text. Raw bytes, which may cut a character.
[[nodiscard]] core::Result<std::string, ReadError> readLog(const std::string& path, std::int64_t offset,
                                                           std::int64_t length);

struct Tail {
  std::string bytes;
  std::int64_t size = 0;  ///< of the whole log: where the next tail begins
  bool overflow = false;  ///< the log has grown by more than the caller asked for
  bool tooLarge = false;  ///< more than kMostRead is asked for, and there: nothing was read
};

/// What a follower that has read up to `offset` gets with at most `length` bytes; empty if there is no file.
[[nodiscard]] Tail tailLog(const std::string& path, std::int64_t offset, std::int64_t length);

}  // namespace output
