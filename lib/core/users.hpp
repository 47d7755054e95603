// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace core {

/// An account of the passwd database.
struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;
  std::string shell;
};

[[nodiscard]] std::optional<Account> findAccount(const std::string& name);
[[nodiscard]] std::optional<Account> findAccount(uid_t uid);
[[nodiscard]] std::optional<gid_t> findGroup(const std::string& name);
[[nodiscard]] std::optional<std::string> groupName(gid_t gid);

/// What a process becomes: ids and supplementary groups, looked up before any fork.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

/// The account's uid, its primary gid (or `gid`) and every group that lists it.
[[nodiscard]] Identity identityOf(const Account& account, std::optional<gid_t> gid = std::nullopt);
/// Becomes `identity` permanently: supplementary groups, gid, uid, in that order, each checked and read back. System
/// calls only, so that it may run between fork and exec. Returns 0, or the errno of the step that failed.
[[nodiscard]] int dropTo(const Identity& identity) noexcept;

}  // namespace core
