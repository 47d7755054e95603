// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/layout/plan.hpp"
#include "lib/core/users.hpp"

namespace instances {

/// What the manager remembers of an instance from boot to boot, in one file of its state directory.
class Memory {
 public:
  Memory(std::string path) : path_(std::move(path)) {}
  /// Reads what there is; makes the mark of a new instance.
  void load();
  [[nodiscard]] bool save() const;
  void remove() const;

  /// Value of SUPERVISOR_MANAGER_INSTANCE in all processes of the instance.
  std::string mark;
  /// Fingerprint of the entry as it was last brought about; empty: never.
  std::string deployed;
  /// What enable and disable said, and what the entry said then: if the entry says something else since, that counts.
  std::optional<bool> enabled;
  bool enabledBase = true;
  /// What was generated: "file PATH" or "link PATH", and whose it was.
  std::vector<std::string> generated;
  std::vector<std::string> directories;
  core::Identity owner;

  [[nodiscard]] bool isEnabled(bool entrySays) const {
    return enabled && enabledBase == entrySays ? *enabled : entrySays;
  }

  /// Notes what `plan` makes. Returns removals of what an earlier plan made and this one does not. `keep`: names of
  /// files that stay anyway.
  [[nodiscard]] std::vector<layout::Node> replaceGenerated(const layout::Plan& plan,
                                                           const std::vector<std::string>& keep);
  /// Removals of everything generated; with `purge` of the directories too.
  [[nodiscard]] std::vector<layout::Node> allRemovals(bool purge) const;

 private:
  std::string path_;
};

}  // namespace instances
