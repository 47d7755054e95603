// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

namespace ctl {

/// The accounts, other than root, that can change what a path leads to.
struct PathControl {
  std::set<uid_t> accounts;  ///< owners of a directory in the path, of a link in a directory for everybody, of the file
  std::string shared;        ///< a part that a group or everybody can change: "/srv/x (group staff)"; empty: none

  bool vacant =
      false;  ///< the path does not exist, and its directory is one in which everybody or a group can create it

  /// Other accounts control the existing path.
  [[nodiscard]] bool isOthers() const noexcept { return !accounts.empty() || !shared.empty(); }
  [[nodiscard]] bool isRootsAlone() const noexcept { return !isOthers() && !vacant; }
  void add(const PathControl& other);
};

/// Resolves the path as the kernel does, through every link, and checks each directory. `content`: also check the owner
/// and mode of the file itself, because it is read; for a socket, which root may give to an account, only whether it
/// can be replaced matters. A missing file is controlled by nobody. A relative path starts in the current directory. If
/// only root controls the path, nobody else can change the result afterwards.
[[nodiscard]] PathControl controlOf(const std::string& path, bool content);

}  // namespace ctl
