// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/deploy/hosts.hpp"
#include "ctl/deploy/language/application.hpp"
#include "ctl/deploy/options.hpp"
#include "ctl/deploy/work_folder.hpp"

namespace deploy {

/// What a run is made of.
struct Deployment {
  const Options& options;
  const Application& application;
  Names allowed;                            ///< the hosts of --limit
  std::vector<std::string> packageFolders;  ///< where .deb files of the manager may be
};

/// The actions that the application file defines itself.
[[nodiscard]] std::vector<std::string> ownActionsOf(const Application& application);

/// Writes what all actions need: inventory, variables, configuration.
[[nodiscard]] core::Status writeCommon(const WorkFolder& work, const Deployment& deployment);

/// Writes ACTION.yml and `planName`. False: the action has nothing to do on any host, and neither is written.
[[nodiscard]] core::Expected<bool> writeAction(const WorkFolder& work, const Deployment& deployment,
                                               const std::string& action, const std::string& planName);

}  // namespace deploy
