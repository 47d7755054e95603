// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "daemon/entries/hosts.hpp"
#include "daemon/entries/settings.hpp"

namespace entries {

struct LoadOptions {
  std::string root;        ///< prefix of every path
  std::string configFile;  ///< the manager's own; it may have entries too
  std::string confDir;     ///< its *.conf are read in name order
  HostNames host;
  std::optional<uid_t> onlyUid;  ///< not root: entries of other accounts are refused
  /// Files to be seen with another content than on disk, or (nullopt) as if they were not there.
  std::map<std::string, std::optional<std::string>> overlay;
  /// What is deployed keeps its name, paths and ports; a newcomer is refused, whatever the order of the files.
  /// Borrowed.
  std::vector<const Entry*> deployed;
  /// By name, the instances that a manager before this one deployed.
  std::map<std::string, Places> deployedBefore;
};

/// All that was read, good and bad.
struct Loaded {
  std::vector<Entry> entries;  ///< by name
  ManagerSettings settings;
  std::vector<Complaint> refused;
  std::vector<Complaint> warnings;
  std::set<std::string> refusedNames;  ///< instances that are declared, but not well
  std::set<std::string> brokenFiles;   ///< could not be read or parsed: what they declared is unknown
};

/// Reads everything. Never fails as a whole: what is wrong is refused alone.
[[nodiscard]] Loaded load(const LoadOptions& options);

}  // namespace entries
