// SPDX-License-Identifier: MIT
#include "ctl/deploy/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "ctl/deploy/runner.hpp"
#include "lib/core/text.hpp"

namespace deploy {
namespace {

void checkVault(const Options& options, const Application& application, Problems& problems) {
  if (application.encryptedVars.empty() || options.askVaultPassword || !options.vaultPasswordFile.empty()) return;
  if (std::getenv("ANSIBLE_VAULT_PASSWORD_FILE") || std::getenv("ANSIBLE_VAULT_IDENTITY_LIST")) return;
  problems.error({}, "/encrypted_vars", "the password of the vault is missing",
                 "use --askVaultPassword or --vaultPasswordFile FILE");
}

void checkSshpass(const Application& application, Problems& problems) {
  for (const auto& host : application.section("hosts")) {
    if (!host.has("ssh_password")) continue;
    if (findProgram("sshpass").empty())
      problems.error(host.mark, host.path + "/ssh_password", "the program sshpass is not installed",
                     "install the package sshpass, or use a key");
    return;
  }
}

}  // namespace

void checkAction(const Options& options, const Node& root, Problems& problems) {
  std::vector<std::string_view> known = ownActions();
  if (const auto* playbooks = root.find("ansible_playbooks"))
    for (const auto& item : playbooks->items)
      if (const auto* action = item.find("for_action")) known.emplace_back(action->text);
  if (std::find(known.begin(), known.end(), options.action) != known.end()) return;
  const auto near = core::nearest(options.action, known);
  problems.error({}, "--action", fmt::format("there is no action '{}'", options.action),
                 near ? fmt::format("did you mean '{}'?", *near)
                      : fmt::format("use one of {}, or define it in ansible_playbooks", fmt::join(ownActions(), ", ")));
}

void checkForAnsible(const Options& options, const Application& application, Problems& problems) {
  if (options.action == "dump" || options.action == "none") return;
  checkVault(options, application, problems);
  checkSshpass(application, problems);
}

}  // namespace deploy
