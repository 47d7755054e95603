// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/draft.hpp"

#include <fmt/core.h>

#include "lib/core/text.hpp"

namespace deploy {
namespace {

struct Place {
  Mark mark;
  std::string path;
};

Place placeOf(const Draft& draft, std::string_view key) {
  const auto origin = draft.origins.find(key);
  if (origin != draft.origins.end()) return {origin->second.first, origin->second.second};
  if (key.empty()) return {draft.item.mark, draft.item.path};
  const Node* value = draft.node->find(key);
  return {value ? value->mark : draft.item.mark, fmt::format("{}/{}", draft.item.path, key)};
}

}  // namespace

std::string_view Draft::known(std::string_view key) const {
  const auto found = item.values.find(key);
  if (found == item.values.end()) return {};
  const auto* text = std::get_if<std::string>(&found->second.data);
  return text && !isLate(*text) ? std::string_view(*text) : std::string_view();
}

std::vector<Draft>& Drafts::of(std::string_view section) {
  const auto found = sections.find(section);
  return found == sections.end() ? sections[std::string(section)] : found->second;
}

std::string Drafts::droppedHint(std::string_view section, std::string_view name) const {
  const auto found = dropped.find(fmt::format("{} {}", section, name));
  return found == dropped.end() ? "" : fmt::format("the one at {} has when: no", toText(found->second));
}

void errorIn(Problems& problems, const Draft& draft, std::string_view key, std::string reason, std::string suggestion) {
  auto place = placeOf(draft, key);
  problems.error(std::move(place.mark), std::move(place.path), std::move(reason), std::move(suggestion));
}

void warningIn(Problems& problems, const Draft& draft, std::string_view key, std::string reason,
               std::string suggestion) {
  auto place = placeOf(draft, key);
  problems.warning(std::move(place.mark), std::move(place.path), std::move(reason), std::move(suggestion));
}

std::string didYouMean(std::string_view word, std::span<const std::string_view> candidates, std::string otherwise) {
  const auto near = core::nearest(word, candidates);
  return near ? fmt::format("did you mean '{}'?", *near) : std::move(otherwise);
}

}  // namespace deploy
