// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/users.hpp"

namespace terminal {

/// A program that another account may control, and everything that it gets from us.
struct Guest {
  std::string file;                        ///< absolute; no PATH search
  std::vector<std::string> arguments;      ///< argv, with argv[0]
  std::vector<std::string> environment;    ///< see environmentOf()
  std::optional<core::Identity> identity;  ///< nullopt: our own
  std::string directory;                   ///< where it runs if its account can enter it; else, or if empty, in "/"
  /// Files that it reads. Each must be a regular file or missing: any other kind could block it endlessly.
  std::vector<std::string> files{};
  bool readsFile = false;  ///< the first of them, which must be there, is its standard input
};

/// PATH, the account's HOME, USER, LOGNAME and SHELL, and from our environment TERM, NO_COLOR and the locale if they
/// are plain words. nullopt: the account that we run as.
[[nodiscard]] std::vector<std::string> environmentOf(const std::optional<core::Account>& account);

/// The path of a program in the PATH of environmentOf(), not in our own PATH. `name` itself if it has a slash or is in
/// none of the directories.
[[nodiscard]] std::string findProgram(const std::string& name);

/// Starts the guest in a new session, with only `descriptors` as 0, 1 and 2, a new session keyring and no_new_privs;
/// `controlling`: descriptor 1 becomes its controlling terminal. Until exec it cannot be traced, and by then it does
/// not have anything of ours. It is killed when we die. The error names the step or the file that failed. A child that
/// does not reach exec within 5 seconds is killed, which is an error, too.
[[nodiscard]] core::Expected<pid_t> start(const Guest& guest, const std::array<int, 3>& descriptors, bool controlling);

}  // namespace terminal
