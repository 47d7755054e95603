// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lib/core/result.hpp"

namespace core {

/// The names that a %-expansion knows. Layers stack: a name not found here is looked for in `below`, which must outlive
/// this object.
class Names {
 public:
  using Value = std::variant<std::string, std::int64_t>;

  explicit Names(const Names* below = nullptr) : below_(below) {}

  void set(std::string name, std::string value) { values_.insert_or_assign(std::move(name), Value(std::move(value))); }
  void set(std::string name, std::int64_t value) { values_.insert_or_assign(std::move(name), Value(value)); }
  [[nodiscard]] const Value* find(std::string_view name) const;
  /// Every known name, sorted.
  [[nodiscard]] std::vector<std::string> all() const;

 private:
  const Names* below_;
  std::map<std::string, Value, std::less<>> values_;
};

/// The environment of this process as names ENV_X.
[[nodiscard]] Names environmentNames();

/// Python's `text % names`: `%(name)s` with every printf conversion, `%%`. `where` names the key for the error text,
/// which is Supervisor's ("Format string '…' for '…' contains names …"). A conversion without a name ("%s") is an
/// error.
[[nodiscard]] Expected<std::string> expand(std::string_view text, const Names& names, std::string_view where);

}  // namespace core
