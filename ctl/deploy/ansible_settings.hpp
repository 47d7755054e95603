// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace deploy {

/// What ansible.cfg says of one run.
struct AnsibleSettings {
  std::string workFolder;
  std::size_t hosts = 0;
  int forks = 0;  ///< 0: by the number of hosts and processors
  std::vector<std::string> rolesFolders;
};

/// The text of ansible.cfg. The error names a path that it cannot have.
[[nodiscard]] core::Expected<std::string> ansibleConfig(const AnsibleSettings& settings);

/// The text of ssh's configuration: the user's and the system's, and then what they leave open: the key of a host that
/// is met for the first time is accepted.
[[nodiscard]] std::string sshConfig();

/// The folder with our collection, for ANSIBLE_COLLECTIONS_PATH: of the build tree or of the installation that our
/// program is in. Empty: there is none.
[[nodiscard]] std::string collectionsFolder();

struct AnsibleEnvironment {
  std::string configFile;
  std::string collections;
  std::string resultFile;
  std::string action;
  bool json = false;
};

/// The environment for ansible-playbook, "NAME=value": ours, with what it must have.
[[nodiscard]] std::vector<std::string> ansibleEnvironment(const AnsibleEnvironment& wanted);

}  // namespace deploy
