// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "instance/output/append_notice.hpp"
#include "instance/output/sink.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {
class EventLoop;
}

namespace output {

class StreamTarget;

/// A log file: appends byte for byte, rotates by size to PATH.1 ... PATH.n after the write that reached the size (a write
/// is never split), and outlives what happens to the file: truncated, renamed, removed, disk full. A target that is
/// no regular file (terminal, pipe, FIFO, device) is written without blocking and never rotated.
class RotatingFile : public Sink {
 public:
  /// Who hears of trouble: the activity log, or nobody (for the activity log's own file).
  enum class Report : bool { Quiet, Log };

  /// `maxBytes` 0: never rotate. `backups` 0: start over in place.
  RotatingFile(core::EventLoop& loop, std::string path, std::int64_t maxBytes, int backups,
               Report report = Report::Log);
  ~RotatingFile() override;
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  /// Opens for appending, creating the file. The error's code is the errno.
  core::Status open();
  void close() noexcept;
  [[nodiscard]] bool isOpen() const noexcept { return fd_.valid() || stream_ != nullptr; }
  void write(std::string_view bytes) noexcept override;
  /// For SIGUSR2: lets go of the file and opens the path anew. Does nothing while closed.
  void reopen() noexcept;
  /// Empties the log: removes the file and, if it was open, begins a new one. Only regular files are removed.
  core::Status clear();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Bytes that could not be written since the log last worked.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  [[nodiscard]] AppendNotice& notice() noexcept { return notice_; }

 private:
  core::Status openWith(int flags);
  void writeFile(std::string_view bytes) noexcept;
  void checkFile() noexcept;
  void rotate() noexcept;
  void fail(const char* what, int code, std::size_t lost) noexcept;
  void recovered() noexcept;

  core::EventLoop& loop_;
  std::string path_;
  core::UniqueFd fd_;
  int backups_;
  std::int64_t maxBytes_;
  std::int64_t size_ = 0;      ///< as far as we know: others may truncate or append
  std::int64_t rotateAt_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  core::Instant checked_{};
  std::uint64_t lost_ = 0;
  std::unique_ptr<StreamTarget> stream_;
  AppendNotice notice_;
  Report report_;
  bool opened_ = false;    ///< shall be open; the file itself may be missing for now
  bool troubled_ = false;  ///< said so already
};

}  // namespace output
