// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/application.hpp"

#include <cassert>

namespace deploy {
namespace {

template <class T>
const T& valueOf(const Item& item, std::string_view key) {
  const auto found = item.values.find(key);
  assert(found != item.values.end());
  const T* value = std::get_if<T>(&found->second.data);
  assert(value != nullptr);
  return *value;
}

}  // namespace

bool Item::has(std::string_view key) const { return values.find(key) != values.end(); }

const std::string& Item::text(std::string_view key) const { return valueOf<std::string>(*this, key); }

bool Item::flag(std::string_view key) const { return valueOf<bool>(*this, key); }

const std::vector<Item>& Application::section(std::string_view name) const {
  static const std::vector<Item> none;
  const auto found = sections.find(name);
  return found == sections.end() ? none : found->second;
}

}  // namespace deploy
