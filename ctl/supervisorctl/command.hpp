// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ctl/supervisorctl/failure.hpp"

namespace ctl {

class Session;

/// What follows a command, for completion.
enum class Completes { Nothing, Commands, Groups, Processes };

/// One command of the client. The table is the only place that lists them: parsing, help and completion read it.
struct Command {
  std::string_view name;
  Done (*run)(Session& session, const std::string& argument);
  Completes completes = Completes::Nothing;
  std::string_view help;     ///< whole lines without the last line end
  std::string_view options;  ///< separated by blanks, for completion
  bool listed = true;        ///< in the table that `help` prints
};

/// Every command, by name.
[[nodiscard]] std::span<const Command> commandTable() noexcept;
[[nodiscard]] const Command* findCommand(std::string_view name) noexcept;
/// Prints the command's help: what follows "Error: NAME requires ...".
void printHelp(Session& session, std::string_view name);

/// Executes one line. Failures are reported, with the exit status set. True: the line ends the session.
bool executeLine(Session& session, std::string_view line);

// The handlers, by family.
Done runStatus(Session& session, const std::string& argument);
Done runPid(Session& session, const std::string& argument);
Done runStart(Session& session, const std::string& argument);
Done runStop(Session& session, const std::string& argument);
Done runRestart(Session& session, const std::string& argument);
Done runSerialRestart(Session& session, const std::string& argument);
Done runSignal(Session& session, const std::string& argument);
Done runTail(Session& session, const std::string& argument);
Done runMaintail(Session& session, const std::string& argument);
Done runClear(Session& session, const std::string& argument);
Done runForeground(Session& session, const std::string& argument);
Done runAvail(Session& session, const std::string& argument);
Done runReread(Session& session, const std::string& argument);
Done runUpdate(Session& session, const std::string& argument);
Done runAdd(Session& session, const std::string& argument);
Done runRemove(Session& session, const std::string& argument);
Done runVersion(Session& session, const std::string& argument);
Done runShutdown(Session& session, const std::string& argument);
Done runReload(Session& session, const std::string& argument);
Done runOpen(Session& session, const std::string& argument);
Done runHelp(Session& session, const std::string& argument);
Done runComplete(Session& session, const std::string& argument);

}  // namespace ctl
