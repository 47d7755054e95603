// SPDX-License-Identifier: MIT
#include "daemon/bus/policy.hpp"

#include <array>

namespace bus {

namespace {

constexpr std::string_view manageInstances = "org.supervisormanager1.manage-instances";
constexpr std::string_view manageBoot = "org.supervisormanager1.manage-boot";
constexpr std::string_view editInstances = "org.supervisormanager1.edit-instances";
constexpr std::string_view manageManager = "org.supervisormanager1.manage-manager";

constexpr std::array rules = {
    VerbRule{"start", manageInstances, true},    VerbRule{"stop", manageInstances, true},
    VerbRule{"restart", manageInstances, true},  VerbRule{"reload", manageInstances, true},
    VerbRule{"kill", manageInstances, true},     VerbRule{"control-program", manageInstances, true},
    VerbRule{"enable", manageBoot, true},        VerbRule{"disable", manageBoot, true},
    VerbRule{"create", editInstances, false},    VerbRule{"change", editInstances, false},
    VerbRule{"remove", editInstances, false},    VerbRule{"reload-manager", manageManager, false},
    VerbRule{"plan", manageManager, false},      VerbRule{"reexecute", manageManager, false},
    VerbRule{"read-complaints", manageManager, false}, VerbRule{"read-failure", manageInstances, true},
};
static_assert(rules.size() == static_cast<std::size_t>(Verb::ReadFailure) + 1);

}  // namespace

const VerbRule& ruleOf(Verb verb) noexcept { return rules[static_cast<std::size_t>(verb)]; }

Decision decide(Verb verb, uid_t caller, uid_t manager, std::optional<uid_t> owner) noexcept {
  if (caller == 0 || caller == manager) return Decision::Allow;
  if (ruleOf(verb).ownerMay && owner && *owner == caller) return Decision::Allow;
  return Decision::AskPolkit;
}

}  // namespace bus
