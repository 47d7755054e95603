// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/deploy/language/application.hpp"

namespace deploy {

/// A playbook of the user that an action runs among its stages.
struct InsertedPlaybook {
  std::int64_t priority = 0;
  std::string file;
};

struct PlaybookSettings {
  std::string action;
  std::string planFile;
  std::vector<std::string> hosts;      ///< in their order; empty: only inserted playbooks
  std::vector<std::string> factHosts;  ///< whose facts are gathered first
  std::vector<InsertedPlaybook> inserted;
  bool check = false;
  bool exitOnFail = true;  ///< a host that fails ends the run for all
};

/// The playbook of an action: the stages of the collection in their order, each a task for all hosts, and the inserted
/// playbooks among them by priority. Those of deploy and remove run only on hosts where a comparison finds something to
/// do.
[[nodiscard]] Value playbook(const PlaybookSettings& settings);

}  // namespace deploy
