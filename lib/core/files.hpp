// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace core {

/// The content of a regular file of at most `limit` bytes. Never blocks on a FIFO, never opens a device. The error
/// names the file; its code is the errno (EFBIG over the limit, EINVAL for what is not a regular file, EISDIR).
[[nodiscard]] Expected<std::string> readFile(const std::string& path, std::size_t limit);

/// Descriptors that one more program needs to start.
inline constexpr std::size_t kKeptForPrograms = 12;

/// Whether `fd`, a new descriptor, is one of the last 16 (of few: an eighth) and `more` that the limit allows. New
/// descriptors have the lowest free number, so one of them shows how full the table is.
[[nodiscard]] bool isAmongTheLast(int fd, std::size_t more = 0) noexcept;
/// Whether so few are left that they must be kept for programs to start: do not open one that stays open.
[[nodiscard]] bool areDescriptorsScarce() noexcept;

/// A hidden file beside `path` that is being written, and replaces it when it is complete. One that was not placed is
/// removed with this object.
class FileDraft {
 public:
  /// Whether the content must be on the disk before the name refers to it. What counts only as long as the system runs
  /// needs no sync: other processes see all of it or nothing without that.
  enum class Lasting { AcrossPowerFailures, UntilBoot };

  FileDraft(std::string path, mode_t mode, Lasting lasting = Lasting::AcrossPowerFailures);
  ~FileDraft();
  FileDraft(const FileDraft&) = delete;
  FileDraft& operator=(const FileDraft&) = delete;

  /// Writes the whole content, and syncs it if it must last. The errors name `path`.
  [[nodiscard]] Status write(std::string_view content);
  [[nodiscard]] Status giveTo(uid_t uid, gid_t gid);
  /// For who syncs it (GroupSync); -1 if it could not be made.
  [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }
  [[nodiscard]] Status place();

 private:
  std::string path_;
  std::string temporary_;
  mode_t mode_;
  Lasting lasting_;
  UniqueFd fd_;
  int openError_ = 0;
};

/// Replaces `path` by a file with that content and mode, all or nothing: written beside it, synced (if it must last),
/// renamed over it.
[[nodiscard]] Status writeFileAtomically(const std::string& path, std::string_view content, mode_t mode,
                                         FileDraft::Lasting lasting = FileDraft::Lasting::AcrossPowerFailures);

/// Writes every byte, through interruptions and short writes. Returns 0 or an errno.
[[nodiscard]] int writeAll(int fd, std::string_view bytes) noexcept;
/// Waits until what was written to `fd` is on the disk. Returns 0 or an errno.
[[nodiscard]] int syncFile(int fd) noexcept;

[[nodiscard]] bool isDirectory(const std::string& path) noexcept;
[[nodiscard]] bool exists(const std::string& path) noexcept;

/// The directory part as Python's os.path.dirname has it: "" for "x", "/" for "/x".
[[nodiscard]] std::string directoryOf(std::string_view path);
/// `path` without ".", ".." and double slashes, joined to `base` if it is relative.
[[nodiscard]] std::string absolutePath(std::string_view path, std::string_view base);
/// `path` with a leading "~" or "~user" replaced by that home directory; unknown users are left alone.
[[nodiscard]] std::string expandHome(std::string_view path);
[[nodiscard]] std::string currentDirectory();
/// The paths that a shell pattern matches, sorted by code point; a backslash is itself.
[[nodiscard]] std::vector<std::string> matchingPaths(const std::string& pattern);
/// This machine's name for itself, as uname(2) has it.
[[nodiscard]] std::string hostName();

}  // namespace core
