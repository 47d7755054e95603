// SPDX-License-Identifier: MIT
#include "ctl/deploy/generate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ctl/deploy/ansible_settings.hpp"
#include "ctl/deploy/documents.hpp"
#include "ctl/deploy/facts.hpp"
#include "ctl/deploy/inventory.hpp"
#include "ctl/deploy/packages.hpp"
#include "ctl/deploy/plan.hpp"
#include "ctl/deploy/playbook.hpp"
#include "lib/core/files.hpp"

namespace deploy {
namespace {

std::int64_t priorityOf(const Item& item) {
  const auto found = item.values.find("priority");
  const auto* number = found == item.values.end() ? nullptr : std::get_if<std::int64_t>(&found->second.data);
  return number ? *number : 0;
}

/// The playbooks that the user inserts into an action. A text is written to a file of its own.
core::Expected<std::vector<InsertedPlaybook>> insertedInto(const WorkFolder& work, const Application& application,
                                                           const std::string& action) {
  std::vector<InsertedPlaybook> inserted;
  std::size_t number = 0;
  for (const auto& item : application.section("ansible_playbooks")) {
    ++number;
    if (item.text("for_action") != action) continue;
    if (item.has("source")) {
      inserted.push_back({priorityOf(item), item.text("source")});
      continue;
    }
    const auto name = fmt::format("playbook_{}.yml", number);
    if (auto written = work.write(name, item.text("playbook_text")); !written) return core::Err{written.error()};
    inserted.push_back({priorityOf(item), work.path() + "/" + name});
  }
  return inserted;
}

}  // namespace

std::vector<std::string> ownActionsOf(const Application& application) {
  std::vector<std::string> actions;
  for (const auto& item : application.section("ansible_playbooks")) {
    const auto& name = item.text("for_action");
    if (std::find(actions.begin(), actions.end(), name) == actions.end()) actions.push_back(name);
  }
  return actions;
}

core::Status writeCommon(const WorkFolder& work, const Deployment& deployment) {
  const auto config = ansibleConfig(
      {work.path(), deployment.allowed.size(), deployment.options.forks, deployment.application.rolesFolders});
  if (!config) return core::Err{config.error()};
  for (const char* folder : {"group_vars", "tmp"})
    if (auto made = work.makeFolder(folder); !made) return made;
  const std::vector<std::pair<std::string, std::string>> files{
      {"inventory.yml", toJson(inventory(deployment.application))},
      {"group_vars/all", toJson(groupVariables(deployment.application))},
      {"ansible.cfg", *config},
      {"ssh_config", sshConfig()}};
  for (const auto& [name, content] : files)
    if (auto written = work.write(name, content); !written) return written;
  return {};
}

core::Expected<bool> writeAction(const WorkFolder& work, const Deployment& deployment, const std::string& action,
                                 const std::string& planName) {
  const auto& application = deployment.application;
  auto inserted = insertedInto(work, application, action);
  if (!inserted) return core::Err{inserted.error()};
  const auto hosts = hostsOfRun(application, action, deployment.allowed);
  // Without hosts in the sources, a playbook of the user may still be for the deployer itself.
  const bool isExcluded = deployment.allowed.empty() && !deployment.options.limit.empty();
  if (isExcluded || (hosts.empty() && inserted->empty())) return false;
  PlanSettings settings{action,
                        deployment.options.purge,
                        deployment.options.prune,
                        deployment.options.diff || deployment.options.check,
                        {}};
  if (action == "deploy") settings.packages = findPackages(deployment.packageFolders, ownArchitecture());
  if (auto written = work.write(planName, toJson(plan(application, settings, hosts))); !written)
    return core::Err{written.error()};
  // Items that only describe, and playbooks of the user, may need facts as well.
  const auto facts = factHosts(application, action, hosts, deployment.allowed);
  const auto document = playbook({action, work.path() + "/" + planName, hosts, facts, std::move(*inserted),
                                  deployment.options.check, application.exitOnFail});
  if (auto written = work.write(action + ".yml", toJson(document)); !written) return core::Err{written.error()};
  return true;
}

}  // namespace deploy
