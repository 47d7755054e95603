// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

namespace ctl {

/// Who, besides root, decides what a path leads to.
struct PathControl {
  std::set<uid_t> accounts;  ///< owners of a directory on the way, of a link in a directory for everybody, of the file
  std::string shared;        ///< what a group or everybody may change: "/srv/x (group staff)"; empty: nothing

  bool vacant = false;  ///< nothing is there, in a directory where everybody, or a group, may put something

  /// Others have a say in what is there now.
  [[nodiscard]] bool isOthers() const noexcept { return !accounts.empty() || !shared.empty(); }
  [[nodiscard]] bool isRootsAlone() const noexcept { return !isOthers() && !vacant; }
  void add(const PathControl& other);
};

/// Walks the path as the kernel does, through every link, and looks at each directory. `content`: what the last name
/// leads to matters as well as whether it may be replaced (a file that is read; not a socket, which root may give to an
/// account). What is not there belongs to nobody; a relative path is meant from the current directory. Where only root
/// has a say, nobody else can change the answer afterwards.
[[nodiscard]] PathControl controlOf(const std::string& path, bool content);

}  // namespace ctl
