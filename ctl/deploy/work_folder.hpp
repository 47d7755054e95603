// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace deploy {

/// $XDG_RUNTIME_DIR, if it belongs to this account and no other can write it; else an empty text (with sudo it can be
/// another account's).
[[nodiscard]] std::string ownRuntimeFolder();

/// The private folder with what ansible-playbook reads. It has passwords: only its owner may enter it, and it is
/// removed with this object unless it is kept.
class WorkFolder {
 public:
  /// A new folder in $XDG_RUNTIME_DIR, or in /tmp. Those of runs that were killed are removed there.
  [[nodiscard]] static core::Expected<WorkFolder> temporary();
  /// FOLDER/hadeploy-work, emptied if an earlier run made it, and kept. The error has the reason if it cannot be used:
  /// nothing that others made, own or could change is touched, and no link is followed.
  [[nodiscard]] static core::Expected<WorkFolder> below(const std::string& folder);

  WorkFolder(WorkFolder&&) noexcept = default;
  WorkFolder& operator=(WorkFolder&&) = delete;
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  ~WorkFolder();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  void keep() noexcept;
  [[nodiscard]] bool isKept() const noexcept { return kept_; }

  /// Makes a folder in it.
  [[nodiscard]] core::Status makeFolder(const std::string& name) const;
  /// Makes a file in it that its owner alone may read.
  [[nodiscard]] core::Status write(const std::string& name, std::string_view content) const;

 private:
  WorkFolder(std::string path, core::UniqueFd fd, bool kept)
      : path_(std::move(path)), fd_(std::move(fd)), kept_(kept) {}

  std::string path_;
  core::UniqueFd fd_;  ///< invalid: moved away
  bool kept_ = false;
  bool isTemporary_ = false;
};

}  // namespace deploy
