// SPDX-License-Identifier: MIT
#include "daemon/entries/owners.hpp"

namespace entries {
namespace {

/// What `known` has for `key`; the first time, what `find` returns.
template <class Key, class Value, class Find>
Value& once(std::map<Key, Value>& known, const Key& key, Find find) {
  const auto found = known.find(key);
  return found != known.end() ? found->second : known.emplace(key, find()).first->second;
}

}  // namespace

const std::optional<core::Account>& Owners::account(const std::string& name) {
  return once(accounts_, name, [&] { return core::findAccount(name); });
}

std::optional<gid_t> Owners::group(const std::string& name) {
  return once(groups_, name, [&] { return core::findGroup(name); });
}

const core::Identity& Owners::identity(const core::Account& account, gid_t gid) {
  return once(identities_, std::pair(account.name, gid), [&] { return core::identityOf(account, gid); });
}

}  // namespace entries
