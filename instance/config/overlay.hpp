// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/core/result.hpp"

namespace config {

/// Contents of files that replace those on disk: a configuration can be checked before its files are written.
struct Overlay {
  std::map<std::string, std::optional<std::string>> files;  ///< nullopt: as if the file did not exist
  std::set<std::string> directories;                        ///< that will be created

  /// Reads records of three fields, each terminated by NUL: "file", PATH, CONTENT; "gone", PATH, ""; "directory",
  /// PATH, "".
  [[nodiscard]] static core::Expected<Overlay> parse(std::string_view text);

  /// Changes `matching`, the sorted paths that `pattern` matches on disk, to those that it will match.
  void adjust(const std::string& pattern, std::vector<std::string>& matching) const;
};

}  // namespace config
