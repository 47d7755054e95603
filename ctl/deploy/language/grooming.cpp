// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/grooming.hpp"

#include <fmt/core.h>

namespace deploy {

void resolveScopes(Grooming& grooming, const Section& section) {
  for (auto& draft : grooming.drafts.of(section.name)) {
    const auto found = draft.item.values.find("scope");
    if (found == draft.item.values.end()) {
      draft.scopeKnown = false;
      continue;
    }
    draft.scope = std::get<std::string>(found->second.data);
    draft.item.values.erase(found);
    const auto& scope = grooming.inventory.resolve(draft.scope);
    draft.scopeKnown = scope.reason.empty();
    draft.item.hosts = scope.hosts;
    if (!draft.scopeKnown) errorIn(grooming.problems, draft, "scope", scope.reason, scope.suggestion);
  }
}

void findSource(Grooming& grooming, Draft& draft, std::string_view key, std::string_view schemeKey,
                std::string_view sourceKey, LocalKind kind) {
  const std::string url(draft.known(key));
  if (url.empty()) return;
  auto found = grooming.files.find(url, kind);
  if (!found.reason.empty()) {
    errorIn(grooming.problems, draft, key, std::move(found.reason), std::move(found.suggestion));
    return;
  }
  draft.item.values.insert_or_assign(std::string(schemeKey), Value{std::move(found.scheme)});
  draft.item.values.insert_or_assign(std::string(sourceKey), Value{std::move(found.source)});
}

void warnOfTwice(Grooming& grooming, std::string_view section, std::string_view key, std::string_view what) {
  std::map<std::string_view, const Draft*> first;
  for (const auto& draft : grooming.drafts.of(section)) {
    const auto text = draft.known(key);
    if (text.empty()) continue;
    const auto [at, added] = first.emplace(text, &draft);
    if (!added && at->second->item.hosts.overlaps(draft.item.hosts))
      warningIn(grooming.problems, draft, "", fmt::format("{} '{}' is there twice on a host", what, text),
                fmt::format("the other one is at {}", toText(at->second->item.mark)));
  }
}

Draft* findSupervisor(Grooming& grooming, const Draft& from, std::string_view key, std::string_view name) {
  const auto& all = grooming.references.supervisors;
  if (const auto found = all.find(name); found != all.end()) return found->second;
  std::vector<std::string_view> names;
  for (const auto& [known, unused] : all) names.push_back(known);
  auto hint = grooming.drafts.droppedHint("supervisors", name);
  if (hint.empty())
    hint = didYouMean(name, names, "describe it in supervisors, with managed: no if another run creates it");
  errorIn(grooming.problems, from, key, fmt::format("there is no supervisor '{}'", name), std::move(hint));
  return nullptr;
}

}  // namespace deploy
