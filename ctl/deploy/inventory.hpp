// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/deploy/language/application.hpp"

namespace deploy {

/// Ansible's inventory: the hosts with their ansible_* variables, in the order of the sources, and the groups.
[[nodiscard]] Value inventory(const Application& application);

/// group_vars/all: the variables of the application, and the encrypted ones, which Ansible decrypts.
[[nodiscard]] Value groupVariables(const Application& application);

}  // namespace deploy
