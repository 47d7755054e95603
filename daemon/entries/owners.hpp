// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "lib/core/users.hpp"

namespace entries {

/// The accounts and groups that one reading of all entries names, each looked up once: a lookup opens some twenty
/// files, and hundreds of entries may have the same owner. Accounts change, so the next reading has an object of its
/// own.
class Owners {
 public:
  [[nodiscard]] const std::optional<core::Account>& account(const std::string& name);
  [[nodiscard]] std::optional<gid_t> group(const std::string& name);
  /// The ids and groups of `account` with that primary group.
  [[nodiscard]] const core::Identity& identity(const core::Account& account, gid_t gid);

 private:
  std::map<std::string, std::optional<core::Account>> accounts_;
  std::map<std::string, std::optional<gid_t>> groups_;
  std::map<std::pair<std::string, gid_t>, core::Identity> identities_;
};

}  // namespace entries
