// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/unique_fd.hpp"

namespace web {

/// A place in a log that stays valid while the log rotates: the file (by inode and time of creation, since inodes are
/// reused), and the offset in it.
struct Place {
  std::string file;
  std::int64_t offset = 0;

  /// For addresses: letters, digits, '-' and '.'.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<Place> parse(std::string_view text);
  bool operator==(const Place&) const = default;
};

/// One file of a log, open.
struct LogFile {
  core::UniqueFd fd;
  std::string id;  ///< as in Place::file
  std::int64_t size = 0;
};

/// Consecutive lines of a log.
struct Excerpt {
  std::string text;
  Place begin, end;
  std::optional<Place> older;  ///< end of the lines before these; nothing: these are the first lines
  std::optional<Place> newer;  ///< beginning of the lines after these; nothing: these are the last lines
};

struct Found {
  struct Line {
    Place begin;
    std::string text;
  };
  std::vector<Line> lines;     ///< the newest first
  std::optional<Place> older;  ///< where to continue the search; nothing: all was searched
};

/// A log with its rotated files, PATH and PATH.1 to PATH.n, as one text. Opens files on demand and keeps none open.
/// Each call reads a limited amount.
class LogHistory {
 public:
  explicit LogHistory(std::string path) : path_(std::move(path)) {}

  /// The lines before `place`, at most `limit` bytes; without a place the last ones. Begins at a line, unless a
  /// single line is longer. Nothing if the file does not exist (any more).
  [[nodiscard]] std::optional<Excerpt> before(const std::optional<Place>& place, std::int64_t limit) const;
  /// The lines from `place` on. Ends at the end of a line, except at the end of the log.
  [[nodiscard]] std::optional<Excerpt> after(const Place& place, std::int64_t limit) const;
  /// Lines that hold `needle` (ASCII letters in any case), backwards from `place`, or from the end. Reads 1 MB or
  /// the rest of one file, and returns at most 200 lines, each cut to 500 bytes.
  [[nodiscard]] Found search(std::string_view needle, const std::optional<Place>& place) const;

  /// The file that is being written.
  [[nodiscard]] std::optional<LogFile> current() const { return open(0); }
  /// The file that was written after the file `id`: nothing if `id` does not exist any more or is the current one.
  [[nodiscard]] std::optional<LogFile> newerThan(const std::string& id) const;
  [[nodiscard]] std::optional<LogFile> find(const std::string& id) const;

 private:
  [[nodiscard]] std::optional<LogFile> open(int number) const;
  [[nodiscard]] int numberOf(const std::string& id) const;
  [[nodiscard]] std::optional<Place> endOf(int number) const;
  [[nodiscard]] Excerpt excerpt(int number, const LogFile& file, std::int64_t begin, std::string text) const;

  std::string path_;
};

}  // namespace web
