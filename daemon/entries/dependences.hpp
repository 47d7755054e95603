// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <set>
#include <string>

#include "daemon/entries/entry.hpp"

namespace entries {

struct WrongDeclared {
  std::string program;  ///< whose depends_on it is
  std::string reason;
};
/// What the instance would refuse in the depends_on of its declared programs: a name that is not among them, a cycle.
/// The instance would refuse its whole configuration for it. The names that programs of `kept` depend on are not looked
/// at; neither are those of any program, if the entry's own template or a file that cannot be read may have more.
[[nodiscard]] std::optional<WrongDeclared> wrongDeclared(const Entry& entry, const std::set<std::string>& kept);

/// Whether the value of depends_on of one that is declared has the name of `program`.
[[nodiscard]] bool namesInDependence(const Declared& declared, const std::string& program);

}  // namespace entries
