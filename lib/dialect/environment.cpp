// SPDX-License-Identifier: MIT
#include "lib/dialect/environment.hpp"

#include <algorithm>

namespace config {

const Environment::List& Environment::list() const {
  static const List kNone;
  return list_ ? *list_ : kNone;
}

const std::string* Environment::find(std::string_view key) const {
  const auto at =
      std::lower_bound(begin(), end(), key, [](const auto& pair, std::string_view k) { return pair.first < k; });
  return at != end() && at->first == key ? &at->second : nullptr;
}

}  // namespace config
