// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/expansion.hpp"

namespace config {

class SectionReader;

/// A path that may be allowed to be missing.
struct OptionalPath {
  std::string path;       ///< absolute
  bool optional = false;  ///< a missing one is skipped

  bool operator==(const OptionalPath&) const = default;
};

/// A secret that the program gets as a file.
struct Credential {
  std::string name;  ///< of the file that the program finds
  std::string path;  ///< of the file whose content it has; absolute

  bool operator==(const Credential&) const = default;
};

/// With what a program is started besides its command: groups, variables, secrets, its view of the file system.
struct Surroundings {
  std::optional<gid_t> group;                  ///< nullopt: that of the account
  std::vector<gid_t> supplementaryGroups;      ///< in addition to those of the account
  std::vector<OptionalPath> environmentFiles;  ///< read at each start
  bool cleanEnvironment = false;               ///< nothing of supervisord's own environment but PATH
  bool loginEnvironment = false;               ///< HOME, USER and LOGNAME of the account
  std::optional<std::int64_t> processNumber;   ///< for SUPERVISOR_PROCESS_NUMBER
  std::vector<Credential> credentials;
  std::vector<OptionalPath> readOnlyPaths;
  bool privateTmp = false;

  bool operator==(const Surroundings&) const = default;
};

/// Reads group, supplementary_groups, environment_file, environment_clean, login_environment,
/// environment_process_number, credential, read_only_paths and private_tmp.
void readSurroundings(SectionReader& in, const core::Names& names, Surroundings& surroundings);

}  // namespace config
