// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "ctl/deploy/language/grooming.hpp"

namespace deploy {
namespace {

bool isUnmanaged(const Draft& draft) {
  const auto found = draft.item.values.find("managed");
  return found != draft.item.values.end() && found->second == Value{false};
}

/// An account that is only checked has no attributes that would be set.
void checkUnmanaged(Grooming& grooming, Draft& draft, std::initializer_list<std::string_view> keys) {
  if (!isUnmanaged(draft)) return;
  for (const auto key : keys) {
    if (draft.given(key))
      errorIn(grooming.problems, draft, key, fmt::format("{} cannot be given with managed: no", key),
              "remove it, or managed: no");
    if (const auto found = draft.item.values.find(key); found != draft.item.values.end())
      draft.item.values.erase(found);
  }
}

void checkKeys(Grooming& grooming, const Draft& draft) {
  const auto found = draft.item.values.find("authorized_keys");
  if (found == draft.item.values.end()) return;
  for (const auto& path : std::get<Value::List>(found->second.data)) {
    auto reason = whyUnreadable(std::get<std::string>(path.data), LocalKind::File);
    if (!reason.empty()) errorIn(grooming.problems, draft, "authorized_keys", std::move(reason));
  }
}

}  // namespace

void groomAccounts(Grooming& grooming) {
  for (auto& group : grooming.drafts.of("groups")) checkUnmanaged(grooming, group, {"system"});
  for (auto& user : grooming.drafts.of("users")) {
    checkUnmanaged(grooming, user, {"comment", "group", "groups", "password", "system", "create_home"});
    checkKeys(grooming, user);
  }
  warnOfTwice(grooming, "groups", "name", "group");
  warnOfTwice(grooming, "users", "login", "user");
}

}  // namespace deploy
