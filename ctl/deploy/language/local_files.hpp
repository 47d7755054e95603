// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deploy {

enum class LocalKind { File, Folder };

/// Why this process cannot read a file or a folder of the deployer, or an empty text if it can.
[[nodiscard]] std::string whyUnreadable(const std::string& path, LocalKind kind);

/// Finds sources: file://PATH in local_files_folders, tmpl://PATH in local_templates_folders.
class LocalFiles {
 public:
  LocalFiles(std::vector<std::string> files, std::vector<std::string> templates)
      : files_(std::move(files)), templates_(std::move(templates)) {}

  struct Found {
    std::string scheme;       ///< file, tmpl, http or https
    std::string source;       ///< the absolute path, or the URL
    std::string reason = {};  ///< why there is none
    std::string suggestion = {};
  };
  /// The first hit of a URL that kSource accepts.
  [[nodiscard]] Found find(const std::string& url, LocalKind kind) const;

 private:
  std::vector<std::string> files_;
  std::vector<std::string> templates_;
};

/// The first of the folders that has `path`, joined to it; `path` itself if it is absolute; empty: none has it.
[[nodiscard]] std::string searchIn(const std::vector<std::string>& folders, const std::string& path);

}  // namespace deploy
