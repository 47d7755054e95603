// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>
#include <time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "lib/core/unique_fd.hpp"

/// The way to a watched path, name by name. Only directories are opened.
namespace process::way {

/// A name in /proc of what is open, for calls that take no descriptor.
[[nodiscard]] std::string pathOf(int fd);
/// Opens a directory for reading; with a symbolic link anywhere in `path` it fails. -1, with errno.
[[nodiscard]] core::UniqueFd openDirectory(const std::string& path) noexcept;

[[nodiscard]] std::int64_t nanoseconds(const timespec& when) noexcept;
/// Whether the time of a file was set to now, as touch(1) does. Other changes of attributes, such as chmod(1), leave
/// the time of the content alone.
[[nodiscard]] bool isTouched(const std::string& path) noexcept;
/// Whether a name that is new is that of a file that is still being written: its end will be reported.
[[nodiscard]] bool isBeingWritten(const std::string& path) noexcept;

/// Accounts other than root whose symbolic links a root supervisord has followed. It looks only at what each of them
/// owns or everybody may look at, so that none learns more from it than it could find out. Without any: at everything.
class LinkOwners {
 public:
  void add(uid_t owner);
  /// Whether all may look up names in this directory.
  [[nodiscard]] bool maySearch(const struct stat& directory) const noexcept { return may(directory, S_IXOTH); }
  /// The same, and list it. Of a file, who may look up its name can see when it was written: no more is asked for.
  [[nodiscard]] bool mayList(const struct stat& directory) const noexcept { return may(directory, S_IROTH | S_IXOTH); }
  [[nodiscard]] bool mayList(int fd) const noexcept;
  [[nodiscard]] uid_t last() const noexcept { return owners_.back(); }
  bool operator==(const LinkOwners&) const = default;

 private:
  [[nodiscard]] bool may(const struct stat& about, mode_t mode) const noexcept;
  std::vector<uid_t> owners_;
};

/// Follows an absolute path as the kernel does, one name at a time, so that each directory on the way is known. It does
/// not enter what is hidden from the owners of links.
class Walk {
 public:
  explicit Walk(const std::string& path);
  /// Whether names are left.
  [[nodiscard]] bool more() const noexcept { return !names_.empty(); }
  std::string next();
  /// Where it is: without symbolic links, opened as a place only.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] int directory() const noexcept { return directory_.get(); }
  /// Into the directory `name`, up, or to where the symbolic link `name` leads; false: that cannot be done.
  [[nodiscard]] bool enter(const std::string& name);
  [[nodiscard]] bool up();
  [[nodiscard]] bool follow(const std::string& name);
  /// Of the links until now.
  [[nodiscard]] const LinkOwners& owners() const noexcept { return owners_; }
  /// What must not be entered; empty: nothing was refused.
  [[nodiscard]] const std::string& hidden() const noexcept { return hidden_; }

 private:
  [[nodiscard]] bool take(core::UniqueFd directory, std::string path);
  void push(const std::string& path);
  [[nodiscard]] bool goTo(std::string path);

  std::vector<std::string> names_;  ///< the next one is the last
  std::string path_;
  core::UniqueFd directory_;
  int links_ = 0;
  LinkOwners owners_;
  std::string hidden_;
};

}  // namespace process::way
