// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "instance/output/append_notice.hpp"
#include "instance/state/journal.hpp"
#include "instance/state/state.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace config {
enum class Backpressure;
}

namespace output {

class Lane;
class LogFeed;
class LossReport;
class Outlets;
struct Source;

/// A log file: appends byte for byte, rotates by size to PATH.1 ... PATH.n after the write that reached the size (a
/// write is never split), and outlives what happens to the file: truncated, renamed, removed, disk full. A target
/// that is not a regular file (terminal, pipe, FIFO, device) is written without blocking and never rotated: when it is
/// full, what is written is queued, and the writer should wait. Trouble is logged once in the activity log, and so is
/// the number of lost bytes when it is over.
class RotatingFile {
 public:
  /// `maxBytes` 0: never rotate. `backups` 0: start over in place. `policy` is for targets that can be full; without
  /// one the writer waits.
  RotatingFile(Outlets& outlets, std::string path, std::int64_t maxBytes, int backups, config::Backpressure policy);
  RotatingFile(Outlets& outlets, std::string path, std::int64_t maxBytes, int backups);
  ~RotatingFile();
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  /// Opens for appending, creating the file. The error's code is the errno. A full or broken disk is not an error
  /// here: the log then begins when the disk works.
  core::Status open();
  void close() noexcept;
  /// From the next write on: when to rotate, and what to keep, as in the constructor.
  void setLimits(std::int64_t maxBytes, int backups) noexcept;
  /// Continues an open log of a predecessor, with what save() returned there. `file` is its descriptor; if that is
  /// invalid, the path is opened. Does not fail: a log that cannot be opened is tried again, as one on a broken disk.
  void restore(core::UniqueFd file, std::int64_t rotateAt, const state::Lane& saved);
  /// For a successor: what waits for the target, and what was lost.
  [[nodiscard]] state::Lane save() const;
  /// The file; -1: it is none, or missing.
  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }
  /// The size at which a rotation that failed is tried again; 0: none failed.
  [[nodiscard]] std::int64_t rotateAt() const noexcept { return rotateAt_ != maxBytes_ ? rotateAt_ : 0; }
  [[nodiscard]] bool isOpen() const noexcept { return open_; }
  /// Never blocks: what the target does not take now waits, what it cannot take is lost and counted.
  void write(std::string_view bytes) noexcept;
  /// The stream has ended: an unfinished line that waits for its end goes as it is.
  void flush() noexcept;
  /// Where the file is now; `shared`: others write to it, too. Without a regular file its inode is 0.
  [[nodiscard]] state::LogMark mark(bool shared) const noexcept;
  /// For a successor after a crash, which repeats what its predecessor did since `before`: of the next writes, it skips
  /// what the file has already. nullopt: from now on it writes all.
  void repeatFrom(const std::optional<state::LogMark>& before) noexcept;
  /// The lane of a target that can be full; nullptr: it is a regular file.
  [[nodiscard]] const Lane* lane() const noexcept { return lane_.get(); }
  /// For SIGUSR2: closes the file and opens the path again. Does nothing while closed.
  void reopen() noexcept;
  /// Empties the log: removes the file and, if it was open, begins a new one. Links and devices are never removed.
  core::Status clear();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Whether it rotates when it has so many bytes, or earlier.
  [[nodiscard]] bool rotatesWithin(std::int64_t bytes) const noexcept { return maxBytes_ > 0 && maxBytes_ <= bytes; }
  /// Bytes that could not be written since the log last worked.
  [[nodiscard]] std::uint64_t lost() const noexcept;
  [[nodiscard]] AppendNotice& notice() noexcept { return notice_; }
  /// The one reader of the file for all who follow it; nullptr if it cannot be opened. It may outlive the log.
  [[nodiscard]] std::shared_ptr<LogFeed> feed();
  /// The same reader as a predecessor had: it continues in `file`, where its followers had come to offsets between
  /// `first` and `last`. There must be none yet.
  [[nodiscard]] std::shared_ptr<LogFeed> resumeFeed(core::UniqueFd file, std::int64_t first, std::int64_t last);

 private:
  [[nodiscard]] core::Status acquire(bool truncate) noexcept;
  [[nodiscard]] core::Status change(bool truncate);
  [[nodiscard]] bool adopt(core::UniqueFd file) noexcept;
  [[nodiscard]] bool isCurrent() const noexcept;
  void writeFile(std::string_view bytes) noexcept;
  [[nodiscard]] std::size_t alreadyWritten(std::string_view bytes) noexcept;
  void check(core::Instant now) noexcept;
  [[nodiscard]] bool moveToBackups() noexcept;
  void rotateIfDue() noexcept;
  const std::shared_ptr<Source>& source();
  void fail(int code, std::size_t lost) noexcept;

  Outlets& outlets_;
  std::string path_;
  std::int64_t maxBytes_;
  int backups_;
  core::UniqueFd fd_;
  std::int64_t size_ = 0;  ///< as far as we know: others may truncate or append
  std::int64_t rotateAt_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  core::Instant checked_{};
  std::shared_ptr<Source> source_;          ///< created when it is needed: most logs never have trouble
  std::size_t untold_ = 0;                  ///< bytes lost when there was no memory to create it
  std::unique_ptr<Lane> lane_;              ///< of a target that is not a regular file
  std::unique_ptr<state::LogMark> repeat_;  ///< while a successor repeats
  AppendNotice notice_;
  std::weak_ptr<LogFeed> feed_;  ///< while somebody follows
  config::Backpressure policy_;
  bool open_ = false;  ///< between open() and close(); the file itself may be missing for now
};

}  // namespace output
