// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// The control group that supervisord may divide among its programs: given to it by the manager, by systemd
/// (Delegate=yes), or by a container.
class GivenGroup {
 public:
  /// The next step where there is none.
  static constexpr const char* kAdvice =
      "start supervisord by the manager, with Delegate=yes in its systemd unit, or in a container that may write to "
      "its "
      "control groups";

  /// Whether a manager has started us.
  [[nodiscard]] static bool hasManager() noexcept;
  /// Finds it. After that it stays the same.
  [[nodiscard]] core::Status find();
  /// Moves what is in the group itself to a group "supervisord" below, since only a group without processes passes
  /// controllers on.
  [[nodiscard]] core::Status divide();

  [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }  ///< -1: not found
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Whether it was made for us, and is not only writable.
  [[nodiscard]] bool isOurs() const noexcept { return ours_; }

 private:
  [[nodiscard]] bool findAbove(const std::string& directory, const std::string& path);

  core::UniqueFd directory_;
  std::string path_;
  bool divided_ = false;  ///< nothing is in it itself
  bool ours_ = false;
  bool ownsAll_ = false;  ///< everything in it is to move along, not only what descends from us
};

}  // namespace process
