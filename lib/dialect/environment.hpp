// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace config {

/// Sorted by key, keys unique. Copies share one list: a thousand programs with the same environment hold it once.
class Environment {
 public:
  using List = std::vector<std::pair<std::string, std::string>>;

  Environment() = default;
  explicit Environment(List sorted)
      : list_(sorted.empty() ? nullptr : std::make_shared<const List>(std::move(sorted))) {}
  Environment(std::initializer_list<List::value_type> sorted) : Environment(List(sorted)) {}

  [[nodiscard]] List::const_iterator begin() const { return list().begin(); }
  [[nodiscard]] List::const_iterator end() const { return list().end(); }
  [[nodiscard]] std::size_t size() const { return list().size(); }
  [[nodiscard]] bool empty() const { return !list_; }
  /// The value of `key`, or null.
  [[nodiscard]] const std::string* find(std::string_view key) const;
  [[nodiscard]] const List& list() const;

  bool operator==(const Environment& other) const { return list_ == other.list_ || list() == other.list(); }

 private:
  std::shared_ptr<const List> list_;
};

}  // namespace config
