// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/users.hpp"

namespace entries {
struct Entry;
}

/// From an entry to what must be on disk: pure data first, applied in a second step.
namespace layout {

struct Directory {
  std::string path;
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0755;
};

struct File {
  std::string path;
  std::string content;
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0644;
};

struct Link {
  std::string path;
  std::string target;
  std::string ours;  ///< an existing link is replaced if it points into this directory (or is the owner's)
};

/// Takes away what an earlier plan made.
struct Removal {
  enum class What { File, Link, Tree };
  What what = What::File;
  std::string path;
};

using Node = std::variant<Directory, File, Link, Removal>;
[[nodiscard]] const std::string& pathOf(const Node& node);

/// What one instance needs on disk, in the order in which it is made. What lies where the owner can write is made with
/// the owner's ids, whatever uid is named here.
struct Plan {
  core::Identity owner;
  std::vector<Node> nodes;
};

/// Something that applying a plan made, changed or removed ("create directory", "update file", ...).
struct Change {
  std::string what;
  std::string path;
  bool operator==(const Change&) const = default;
};

/// Where things are, with the root prefix in what is below it.
struct Places {
  std::string root;           ///< prefix; empty in production
  std::string links;          ///< directory of the chain of links, world-readable
  std::string supervisorctl;  ///< the installed client: where every chain ends
  uid_t managerUid = 0;       ///< who runs the manager: the owner of what the owner of an instance may not change
};

/// The plan of `entry`. `ownTemplate` is the text of conf_file_src, if the entry has one; it fails if that cannot be
/// used.
[[nodiscard]] core::Expected<Plan> planFor(const entries::Entry& entry, const Places& places,
                                           const std::optional<std::string>& ownTemplate);

}  // namespace layout
