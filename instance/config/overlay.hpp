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

/// Files to be seen otherwise than they are on disk: a configuration is checked before its files are put in place.
struct Overlay {
  std::map<std::string, std::optional<std::string>> files;  ///< nullopt: as if it were not there
  std::set<std::string> directories;                        ///< to be made yet

  /// Reads records of three fields, each with a NUL behind it: "file", PATH, CONTENT; "gone", PATH, ""; "directory",
  /// PATH, "".
  [[nodiscard]] static core::Expected<Overlay> parse(std::string_view text);

  /// Changes the sorted paths that `pattern` matches on disk to those that it would match.
  void adjust(const std::string& pattern, std::vector<std::string>& matching) const;
};

}  // namespace config
