// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ctl/deploy/language/application.hpp"

namespace deploy {

/// Values are also what the generated documents are made of: plan, inventory, variables, playbooks.
[[nodiscard]] Value text(std::string value);
[[nodiscard]] Value flag(bool value);
[[nodiscard]] Value list(Value::List values);
[[nodiscard]] Value map(Value::Map members);
/// A list of texts, of any container of strings.
template <class Names>
[[nodiscard]] Value texts(const Names& names) {
  Value::List values;
  for (const auto& name : names) values.push_back(text(std::string(name)));
  return list(std::move(values));
}

/// JSON for people: what is short stays in one line. Ends with a line end. Numbers that JSON does not have (inf, nan)
/// become texts.
[[nodiscard]] std::string toJson(const Value& value);

/// YAML for people, safe on a terminal.
[[nodiscard]] std::string toYaml(const Value& value);

}  // namespace deploy
