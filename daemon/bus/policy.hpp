// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string_view>

/// Who may do what: one table, no I/O. Every caller may read lists, properties and program states, but not texts that
/// can quote a configuration, since that may contain passwords.
namespace bus {

enum class Verb {
  Start,
  Stop,
  Restart,
  Reload,
  Upgrade,
  Kill,
  ControlProgram,
  Enable,
  Disable,
  Create,
  Change,
  Remove,
  ReloadManager,
  PlanReload,
  Reexecute,
  ReadComplaints,
  ReadFailure,
};

struct VerbRule {
  std::string_view word;    ///< polkit's detail "verb", and the word in messages
  std::string_view action;  ///< polkit's action
  bool ownerMay;            ///< the owner of the instance is allowed without polkit
};
[[nodiscard]] const VerbRule& ruleOf(Verb verb) noexcept;

enum class Decision { Allow, AskPolkit };

/// `manager` is the user id the manager runs as (0 except in development), `owner` that of the instance, if there is
/// one.
[[nodiscard]] Decision decide(Verb verb, uid_t caller, uid_t manager, std::optional<uid_t> owner) noexcept;

}  // namespace bus
