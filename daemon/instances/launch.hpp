// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "lib/core/spawn.hpp"
#include "lib/core/unique_fd.hpp"

namespace instances {

struct LaunchOptions {
  std::string supervisord;   ///< the program
  std::string notifySocket;  ///< empty: no NOTIFY_SOCKET
  std::string mark;          ///< value of SUPERVISOR_MANAGER_INSTANCE
  bool privileged = true;    ///< become the owner
};

/// How the process of `entry` starts: as its owner, with a fresh environment and nothing of the manager's. Descriptors
/// and the control group are the caller's to add.
[[nodiscard]] core::SpawnSpec launchSpec(const entries::Entry& entry, const LaunchOptions& options);

/// Names of the descriptors that a takeover needs: the journal, and the socket for the ends of programs.
inline constexpr const char* kJournalName = "state";
inline constexpr const char* kExitsName = "exits";
/// The manager's end of that socket, which is kept in the same way, and never handed on.
inline constexpr const char* kOwnExitsName = "exits.manager";
/// Whether the manager itself keeps the descriptor of this name: an instance cannot replace it.
[[nodiscard]] inline bool isOwnName(std::string_view name) noexcept {
  return name == kExitsName || name == kOwnExitsName;
}
/// Adds what an earlier copy left to a process that gets 0, 1 and 2: the descriptors `kept` (name, number here), in the
/// way of systemd's sockets (LISTEN_FDS, LISTEN_FDNAMES), and how that copy ended (SUPERVISORD_CRASH). The two above go
/// first; what does not fit into an environment variable is left out. Returns how many that are.
std::size_t addKept(core::SpawnSpec& spec, const std::vector<std::pair<std::string, int>>& kept,
                    const std::string& crash);

/// A file in memory of a fixed size for what a starting instance prints on standard error. Not a pipe: it needs no
/// reader, wakes nobody, cannot grow, and outlives the manager.
[[nodiscard]] core::UniqueFd makeErrorFile();
/// Later texts begin here.
void forgetPrinted(const core::UniqueFd& file) noexcept;
/// What was printed, as it is.
[[nodiscard]] std::string printedText(const core::UniqueFd& file);
/// The same in one line of at most some 500 bytes; the last part, if it is longer.
[[nodiscard]] std::string errorText(const core::UniqueFd& file);
/// A text of an owner made so.
[[nodiscard]] std::string oneLine(std::string text);

}  // namespace instances
