// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/core/users.hpp"

struct stat;

namespace layout {

/// A file tree seen through directory descriptors. It follows no symbolic link, and knows where the owner of an
/// instance could have changed something: from there on a privileged process must not act.
class Tree {
 public:
  /// `root` is the prefix that all paths begin with ("" is "/"); it is trusted as it is. `trusted` is the uid whose
  /// directories are safe, `owner` the account that the work is for. With `owner` null nothing is distrusted: for a
  /// process that has the owner's ids already.
  static core::Expected<Tree> open(const std::string& root, uid_t trusted, const core::Identity* owner);

  struct Parent {
    core::UniqueFd fd;     ///< O_PATH, the directory of the path; invalid if !safe or missing
    std::string name;      ///< the last component
    bool safe = true;      ///< false: it is in or below a directory that the owner controls
    bool missing = false;  ///< the directory is not there (only without `create`)
    bool open = false;     ///< the owner may enter every directory on the way; false if nobody asked
  };
  /// Whether it is of interest that the owner may enter the directories on the way: it costs a look at the access
  /// control list of each.
  enum class Entering { NotAsked, Asked };
  /// The directory of `path`. With `create`, missing directories on the way are made (0755).
  [[nodiscard]] core::Expected<Parent> parentOf(const std::string& path, bool create,
                                                Entering entering = Entering::NotAsked) const;

  /// The content of a regular file at most `limit` bytes long in a safe directory; never through links, and never one
  /// that the owner may not read: the owner will see what becomes of it.
  [[nodiscard]] core::Expected<std::string> read(const std::string& path, std::size_t limit) const;

  [[nodiscard]] uid_t trusted() const noexcept { return trusted_; }
  [[nodiscard]] bool judges() const noexcept { return owner_ != nullptr; }

 private:
  enum class Trust { Safe, Transit, Unsafe };
  Tree(std::string root, core::UniqueFd fd, uid_t trusted, const core::Identity* owner)
      : root_(std::move(root)), fd_(std::move(fd)), trusted_(trusted), owner_(owner) {}
  [[nodiscard]] Trust judge(int fd, const struct stat& info) const;
  [[nodiscard]] bool isOwnersGroup(gid_t gid) const noexcept;
  /// Whether the owner has the permission (4: read, 1: search). Modes alone count: with an access control list, no.
  [[nodiscard]] bool ownerMay(int fd, const struct stat& info, unsigned permission) const;

  std::string root_;
  core::UniqueFd fd_;
  uid_t trusted_;
  const core::Identity* owner_;
};

/// openat2 with RESOLVE_NO_SYMLINKS, below `directory` only; with SameMount what is mounted there is not entered
/// (EXDEV). Returns -1 with errno.
enum class Mounts { Entered, SameMount };
[[nodiscard]] int openBelow(int directory, const char* path, int flags, Mounts mounts = Mounts::Entered) noexcept;

/// Reads a descriptor of a regular file to its end, at most `limit` bytes.
[[nodiscard]] core::Expected<std::string> readAll(int fd, std::size_t limit);

}  // namespace layout
