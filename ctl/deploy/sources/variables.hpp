// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ctl/deploy/sources/merging.hpp"
#include "ctl/deploy/sources/operand.hpp"
#include "ctl/deploy/yaml/node.hpp"
#include "ctl/deploy/yaml/problems.hpp"

namespace deploy {

/// The variables that are defined so far, in the order of their definition. `env` is the environment of this process,
/// unless a variable has that name.
class Variables {
 public:
  static constexpr std::string_view kAction = "hadeploy_action";

  /// With the variable hadeploy_action, which the sources cannot change.
  explicit Variables(const std::string& action);

  /// Defines a variable, or merges the value with the one that it has.
  void set(Node::Member variable, Problems& problems);
  /// The value, or Undefined.
  [[nodiscard]] Operand get(const std::string& name) const;
  [[nodiscard]] const Node* find(const std::string& name) const;
  /// A variable with a similar name; empty: none.
  [[nodiscard]] std::string similar(std::string_view name) const;
  /// All of them as a map.
  [[nodiscard]] Node release() { return std::move(map_); }

 private:
  Node map_;
  MapIndex index_;
};

/// A key of `map` that is similar to `name`; empty: none.
[[nodiscard]] std::string similarKey(const Node& map, std::string_view name);

}  // namespace deploy
