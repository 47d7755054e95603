// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/application.hpp"

#include <algorithm>
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

HostSet::HostSet() {
  static const auto kNone = std::make_shared<const Names>();
  names_ = kNone;
}

HostSet::HostSet(Names names) : names_(std::make_shared<const Names>(std::move(names))) {}

bool HostSet::includes(const HostSet& other) const {
  return names_ == other.names_ ||
         std::includes(names_->begin(), names_->end(), other.names_->begin(), other.names_->end());
}

bool HostSet::overlaps(const HostSet& other) const {
  const auto& [few, many] =
      std::minmax(*this, other, [](const HostSet& a, const HostSet& b) { return a.size() < b.size(); });
  return std::any_of(few.begin(), few.end(), [&many = many](const auto& name) { return many.contains(name); });
}

bool Item::has(std::string_view key) const { return values.find(key) != values.end(); }

const std::string& Item::text(std::string_view key) const { return valueOf<std::string>(*this, key); }

bool Item::flag(std::string_view key) const { return valueOf<bool>(*this, key); }

const std::vector<Item>& Application::section(std::string_view name) const {
  static const std::vector<Item> kNone;
  const auto found = sections.find(name);
  return found == sections.end() ? kNone : found->second;
}

}  // namespace deploy
