// SPDX-License-Identifier: MIT
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "daemon/layout/plan.hpp"

namespace layout {

/// What is at a place now: whether the manager made it, and may therefore replace or remove it.
class Present {
 public:
  /// `parent`: the directory, borrowed. `ours`: the uid that the manager's files have here.
  Present(int parent, std::string name, const struct stat& info, uid_t ours)
      : parent_(parent), name_(std::move(name)), info_(info), ours_(ours) {}

  [[nodiscard]] const struct stat& info() const noexcept { return info_; }
  /// The target of a link; empty for anything else.
  [[nodiscard]] std::string target() const;
  /// Whether it is a regular file of our uid with that content.
  [[nodiscard]] bool hasContent(const std::string& content) const;

  /// Why it must not be replaced, in words that follow the path; nothing, if it may be.
  [[nodiscard]] std::optional<std::string> objectionTo(const File& want) const;
  [[nodiscard]] std::optional<std::string> objectionTo(const Link& want) const;
  /// Whether it is still what was recorded.
  [[nodiscard]] bool isStill(const Removal& removal) const;

 private:
  [[nodiscard]] std::optional<std::string> content() const;
  [[nodiscard]] bool isGenerated(const Known& known, const std::string& content) const;
  [[nodiscard]] std::string foreign(const Known& known) const;

  int parent_;
  std::string name_;
  struct stat info_;
  uid_t ours_;
};

/// "root" or "uid N", for messages.
[[nodiscard]] std::string ownerText(uid_t uid);

}  // namespace layout
