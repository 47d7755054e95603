// SPDX-License-Identifier: MIT
#include "daemon/bus/policy.hpp"

#include <array>

namespace bus {

namespace {

constexpr std::string_view kManageInstances = "org.supervisormanager1.manage-instances";
constexpr std::string_view kManageBoot = "org.supervisormanager1.manage-boot";
constexpr std::string_view kEditInstances = "org.supervisormanager1.edit-instances";
constexpr std::string_view kManageManager = "org.supervisormanager1.manage-manager";

constexpr std::array kRules = {
    VerbRule{"start", kManageInstances, true},
    VerbRule{"stop", kManageInstances, true},
    VerbRule{"restart", kManageInstances, true},
    VerbRule{"reload", kManageInstances, true},
    VerbRule{"upgrade", kManageInstances, true},
    VerbRule{"kill", kManageInstances, true},
    VerbRule{"control-program", kManageInstances, true},
    VerbRule{"enable", kManageBoot, true},
    VerbRule{"disable", kManageBoot, true},
    VerbRule{"create", kEditInstances, false},
    VerbRule{"change", kEditInstances, false},
    VerbRule{"remove", kEditInstances, false},
    VerbRule{"reload-manager", kManageManager, false},
    VerbRule{"plan", kManageManager, false},
    VerbRule{"reexecute", kManageManager, false},
    VerbRule{"read-complaints", kManageManager, false},
    VerbRule{"read-failure", kManageInstances, true},
};
static_assert(kRules.size() == static_cast<std::size_t>(Verb::ReadFailure) + 1);

}  // namespace

const VerbRule& ruleOf(Verb verb) noexcept { return kRules[static_cast<std::size_t>(verb)]; }

Decision decide(Verb verb, uid_t caller, uid_t manager, std::optional<uid_t> owner) noexcept {
  // The manager runs as another account than root only below a directory of that account (--root).
  if (caller == 0 || caller == manager) return Decision::Allow;
  if (ruleOf(verb).ownerMay && owner && *owner == caller) return Decision::Allow;
  return Decision::AskPolkit;
}

}  // namespace bus
