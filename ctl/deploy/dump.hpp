// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/deploy/language/application.hpp"
#include "ctl/deploy/yaml/node.hpp"

namespace deploy {

/// What was understood: the hosts with their groups, and the items with the hosts that they are for. Passwords are
/// masked.
[[nodiscard]] Value dump(const Application& application);

/// The variables of the sources: value and place of each. Encrypted ones, and those that are called a password or the
/// like, are masked.
[[nodiscard]] Value dumpVariables(const Node& root);

}  // namespace deploy
