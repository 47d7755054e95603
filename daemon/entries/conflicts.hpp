// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"

namespace entries {

/// What the entries accepted so far have reserved: their directories, files and TCP endpoints. An instance's
/// directories may be inside one another, but neither inside nor around another instance's.
class Claims {
 public:
  explicit Claims(std::string root);

  struct Conflict {
    std::string key;  ///< the attribute that causes it
    std::string reason;
  };
  /// Reserves what `entry` needs. If something is not free, reserves nothing and returns the conflict.
  [[nodiscard]] std::optional<Conflict> take(const Entry& entry);

 private:
  struct Claim {
    std::string owner;
    bool directory = false;
  };
  [[nodiscard]] std::optional<std::string> against(const std::string& name, const std::string& path,
                                                   bool directory) const;
  [[nodiscard]] std::optional<std::string> protectedPath(const std::string& path, bool directory) const;
  [[nodiscard]] std::optional<std::string> endpointAgainst(const HttpServer& server) const;

  std::string root_;
  std::map<std::string, Claim> paths_;
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> ports_;  // port -> (host, instance)
};

}  // namespace entries
