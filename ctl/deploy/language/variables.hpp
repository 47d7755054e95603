// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/deploy/language/application.hpp"

namespace deploy {

/// The variables for Ansible. A plain whole number, decimal number or word of YAML 1.1 (yes, true, ...) has its type if
/// its text is the usual one; all else is a text: 0755 and 1.10 stay as they are.
[[nodiscard]] Value::Map readVariables(const Node& node, Problems& problems);

/// Names and "$ANSIBLE_VAULT;..." texts.
[[nodiscard]] Value::Map readEncrypted(const Node& node, const Node* variables, Problems& problems);

}  // namespace deploy
