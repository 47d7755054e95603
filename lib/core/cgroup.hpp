// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

/// Groups of a cgroup v2 tree, each named by the descriptor of its directory. Another account may own what is below a
/// group, and change it during a call: nothing here follows a path for more than one name, waits, or works without a
/// bound.
namespace core::cgroup {

/// The group in which supervisord itself is, below one that it divides among its programs.
inline constexpr const char* kOwnLeaf = "supervisord";

/// How deep below a group, and how many groups there, the functions look. The limits that the manager sets for what an
/// account makes below the group of an instance are not above these.
inline constexpr int kMostDepth = 8;
inline constexpr std::size_t kMostGroups = 8192;

/// Where a process is in the tree.
struct Place {
  std::string directory;  ///< where its group can be opened
  std::string path;       ///< of the group, as /proc/PID/cgroup has it
};
/// Of this process. The error names what the system lacks.
[[nodiscard]] Expected<Place> ownPlace();
/// The same from the texts of /proc/self/mountinfo and /proc/self/cgroup.
[[nodiscard]] Expected<Place> placeIn(std::string_view mounts, std::string_view groups);

/// An invalid descriptor: errno has the reason.
[[nodiscard]] UniqueFd open(const std::string& directory) noexcept;
[[nodiscard]] UniqueFd open(int parent, const char* name) noexcept;
/// The content of one of its files; empty if there is none.
[[nodiscard]] std::string read(int group, const char* file);
/// Returns 0 or an errno. Opens no file that is not there.
int write(int group, const char* file, std::string_view text) noexcept;
/// The number behind `key` in a file of lines "KEY NUMBER"; nullopt: it is not there.
[[nodiscard]] std::optional<std::uint64_t> value(int group, const char* file, std::string_view key);
/// Whether living processes are in it or below: not in one that has been removed. nullopt: unknown.
[[nodiscard]] std::optional<bool> isPopulated(int group) noexcept;
/// Whether our effective ids may make groups below it and move processes there.
[[nodiscard]] bool mayDivide(int group) noexcept;
/// Whether systemd has marked it as delegated.
[[nodiscard]] bool isDelegated(int group) noexcept;
/// Whether it is the root of the system's tree, which may have processes and pass controllers on.
[[nodiscard]] bool isSystemsRoot(int group) noexcept;

/// The names of the groups directly below, at most `most`.
[[nodiscard]] std::vector<std::string> namesBelow(int group, std::size_t most = kMostGroups);
/// Calls `visit` with each group below, at most `most`, those deeper first, and then with the group itself.
void eachFromBelow(int group, const std::function<void(int)>& visit, std::size_t most = kMostGroups);
/// The processes in the group itself, and with `below` those of the groups below, at most `most`. A zombie is not in
/// there.
[[nodiscard]] std::vector<pid_t> members(int group, bool below, std::size_t most = kMostGroups);
/// Removes the groups below. What has processes stays.
void removeBelow(int group);
/// Ends all processes in it and below. Returns 0 or an errno: ENOENT before Linux 5.14.
int kill(int group) noexcept;

/// A name for a group from any text; never empty, never the name of a file of the kernel.
[[nodiscard]] std::string nameFor(std::string_view text);

}  // namespace core::cgroup
