// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "instance/config/model.hpp"

namespace config {

/// How a changed key comes into force.
enum class Reach {
  Live,     ///< while the program runs
  Restart,  ///< with its next process
};

/// How `key` of a program section comes into force; Restart for an unknown one. With some keys that are Live here it
/// depends on their values: changeOf() knows.
[[nodiscard]] Reach reachOf(std::string_view key) noexcept;

/// What happens to one program of a group.
struct ProgramChange {
  enum class Kind { Added, Removed, Restarted, Live };
  Kind kind = Kind::Live;
  std::string name;
  std::vector<std::string> keys;    ///< that differ; none for Added and Removed
  std::vector<std::string> causes;  ///< Restarted: those of them that need it
  std::optional<bool> starts{};     ///< of a plan: whether it is started when the change has been made
};

/// The difference between a group as it runs and as it was read.
struct GroupChange {
  bool whole = false;                   ///< nothing of it can stay: it has to be removed and added again
  std::vector<std::string> keys;        ///< of the group itself
  std::vector<ProgramChange> programs;  ///< those that differ, in the order of the new group; removed ones at the end

  /// By the names of the programs, which must not outlive this. A program that is not there stays as it is.
  [[nodiscard]] std::unordered_map<std::string_view, const ProgramChange*> byName() const;
};

/// The keys in which two processes of the same name differ, in the order of the manual.
[[nodiscard]] std::vector<std::string> changedKeys(const ProcessConfig& old, const ProcessConfig& now);
/// Both have the same name.
[[nodiscard]] GroupChange changeOf(const GroupConfig& old, const GroupConfig& now);
/// `old` with the programs of these names as `now` has them: a step on the way to `now`. Others stay, and nothing is
/// added or removed. Only if changeOf() is not `whole`.
[[nodiscard]] std::shared_ptr<GroupConfig> partOf(const GroupConfig& old, const GroupConfig& now,
                                                  std::span<const std::string> names);

}  // namespace config
