// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "daemon/entries/entry.hpp"
#include "lib/core/clock.hpp"

namespace core {
class IniDocument;
}

namespace entries {

/// [supervisor-manager] of the manager's configuration file.
struct ManagerSettings {
  std::string supervisord;                          ///< program of the instances; empty: the installed one
  std::string supervisorctl;                        ///< the same for the client
  core::Duration readyTimeout = core::seconds(10);  ///< alive this long without READY=1: counts as running
  core::Duration stopTimeout = core::seconds(75);   ///< after it the whole tree is killed
  core::Duration quickExit = core::seconds(10);     ///< an end before that counts as a failed start
  core::Duration restartDelay = core::seconds(1);   ///< first wait; doubles each time
  core::Duration restartDelayMax = core::seconds(60);
  int startLimit = 5;  ///< failed starts in a row until the instance is failed
  std::string logLevel = "info";
  bool upgradeInstances = true;  ///< an upgrade of the package upgrades the running instances in place
};

/// Reads the section, if there is one. Each wrong value is a complaint, and its default stays.
[[nodiscard]] ManagerSettings readSettings(const core::IniDocument& document,
                                           const std::function<void(Complaint)>& complain,
                                           const std::function<void(Complaint)>& warn);

}  // namespace entries
