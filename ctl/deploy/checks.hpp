// SPDX-License-Identifier: MIT
#pragma once

#include "ctl/deploy/language/application.hpp"
#include "ctl/deploy/options.hpp"

namespace deploy {

/// Whether the action is ours, or one that ansible_playbooks of the sources define; else an error.
void checkAction(const Options& options, const Node& root, Problems& problems);

/// What ansible-playbook would only find out when it runs: a vault without password, sshpass that is not installed.
void checkForAnsible(const Options& options, const Application& application, Problems& problems);

}  // namespace deploy
