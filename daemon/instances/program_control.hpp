// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "daemon/entries/entry.hpp"
#include "daemon/instances/context.hpp"
#include "daemon/instances/manager.hpp"
#include "lib/core/task.hpp"

namespace instances {

/// What became of a request to an instance about its programs. All are made by a helper with the owner's ids: the
/// manager itself does not speak to a socket that an account controls.
struct ProgramAnswer {
  enum class Outcome {
    Succeeded,
    NoSuchProgram,  ///< BAD_NAME
    Failed,         ///< another fault: `text` has the reason
    Unreachable,    ///< no answer, or none of XML-RPC: `text` has the reason
  };
  Outcome outcome = Outcome::Succeeded;
  std::string text{};
  bool late = false;  ///< the instance did not answer in time
  [[nodiscard]] bool ok() const noexcept { return outcome == Outcome::Succeeded; }
};

/// Whether a text can be the one name of a program or of a group, whatever an owner or a caller put into it.
[[nodiscard]] bool isPlainName(const std::string& program);

/// Starts, stops or restarts the program, or all of a group ("GROUP:*"). `entry` is read before the task begins.
[[nodiscard]] core::Task<ProgramAnswer> controlProgram(InstanceContext& context, const entries::Entry& entry,
                                                       std::string program, ProgramVerb verb);
/// Lets the instance read its configuration and take in what changed, as `supervisorctl update` does.
[[nodiscard]] core::Task<ProgramAnswer> updatePrograms(InstanceContext& context, const entries::Entry& entry);
/// Lets supervisord replace its own program with the installed one; ends when that one answers.
[[nodiscard]] core::Task<ProgramAnswer> upgradeSupervisord(InstanceContext& context, const entries::Entry& entry);
/// The last bytes that the program wrote on standard error or, where there are none, on standard output. Nothing: the
/// instance did not answer in time.
[[nodiscard]] core::Task<std::optional<std::string>> tailProgram(InstanceContext& context, const entries::Entry& entry,
                                                                 std::string program);

}  // namespace instances
