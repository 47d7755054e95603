// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/suggestion.hpp"

#include <algorithm>
#include <vector>

#include "lib/core/text.hpp"

namespace manager {

std::optional<std::string_view> suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  std::vector<std::string_view> longer;
  if (word.size() > 1)
    for (const auto candidate : candidates)
      if (candidate.starts_with(word)) longer.push_back(candidate);
  // Of several, the one that all others begin with: "star" means "start", not "start-program"; "re" means nothing.
  for (const auto one : longer)
    if (std::all_of(longer.begin(), longer.end(), [one](const auto other) { return other.starts_with(one); }))
      return one;
  return core::nearest(word, candidates);
}

}  // namespace manager
