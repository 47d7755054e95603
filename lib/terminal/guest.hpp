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

/// A program that another account may control: what it is, and all that it gets from us.
struct Guest {
  std::string file;                        ///< absolute; no PATH search
  std::vector<std::string> arguments;      ///< argv, with argv[0]
  std::vector<std::string> environment;    ///< see environmentOf()
  std::optional<core::Identity> identity;  ///< nullopt: our own
  std::string directory;  ///< where it runs if its account gets there by itself; else, or if empty, in "/"
  /// Files that its account reads, each a regular file or missing: anything else could keep it waiting for ever.
  std::vector<std::string> files{};
  bool readsFile = false;  ///< the first of them, which must be there, is its standard input
};

/// PATH, the account's HOME, USER, LOGNAME and SHELL, and of ours TERM, NO_COLOR and the locale where they are plain
/// words. nullopt: of the account that we run as.
[[nodiscard]] std::vector<std::string> environmentOf(const std::optional<core::Account>& account);

/// Where a program is in the PATH of environmentOf(): a PATH of ours has no say. `name` itself if it has a slash or is
/// in none of the folders.
[[nodiscard]] std::string findProgram(const std::string& name);

/// Starts the guest in a session of its own with `descriptors` as 0, 1 and 2 and no other, under
/// a session keyring of its own, without the means to gain rights; `controlling`: descriptor 1 is its terminal. It
/// cannot be traced or looked into until exec, and by then nothing of ours is left in it. Our death is its death.
/// An error tells which step, or which file, failed; a child that does not reach exec within seconds is killed and is
/// such an error.
[[nodiscard]] core::Expected<pid_t> start(const Guest& guest, const std::array<int, 3>& descriptors, bool controlling);

}  // namespace terminal
