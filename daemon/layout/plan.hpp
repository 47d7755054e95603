// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <string>
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
};

/// What one instance needs on disk, in the order in which it is made. What lies where the owner can write is made with
/// the owner's ids, whatever uid is named here.
struct Plan {
  core::Identity owner;
  std::vector<Directory> directories;
  std::vector<File> files;
  std::vector<Link> links;
};

/// Something that applying a plan made, changed or removed ("create directory", "update file", ...).
struct Change {
  std::string what;
  std::string path;
};

/// Installed paths the layout refers to, with the root prefix in those that are below it.
struct Places {
  std::string root;           ///< prefix; empty in production
  std::string links;          ///< directory of the chain of links, world-readable
  std::string supervisorctl;  ///< the installed client: where every chain ends
};

/// The plan of `entry`. Fails with a complaint when its own template (conf_file_src) cannot be read or used.
[[nodiscard]] core::Expected<Plan> planFor(const entries::Entry& entry, const Places& places);

}  // namespace layout
