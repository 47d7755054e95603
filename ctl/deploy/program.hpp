// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace deploy {

/// The whole program: reads the sources, generates what Ansible needs, and runs it. Returns the exit status.
int runDeploy(const std::vector<std::string>& words);

}  // namespace deploy
