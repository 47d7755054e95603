// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ctl/supervisorctl/failure.hpp"

namespace ctl {

class Session;

/// The kind of a command's arguments, for completion.
enum class Completes { Nothing, Commands, Groups, Processes };

/// One command of the client. Parsing, help and completion all read the same table.
struct Command {
  std::string_view name;
  Answer<void> (*run)(Session& session, const std::string& argument);
  Completes completes = Completes::Nothing;
  std::string_view help;     ///< whole lines without the last line end
  std::string_view options;  ///< separated by blanks, for completion
  bool listed = true;        ///< in the table that `help` prints
};

/// Every command, by name.
[[nodiscard]] std::span<const Command> commandTable() noexcept;
[[nodiscard]] const Command* findCommand(std::string_view name) noexcept;
/// Prints the help of a command, also after an error such as "Error: NAME requires a process name".
void printHelp(Session& session, std::string_view name);

/// Executes one line. Prints failures and sets the exit status. Returns whether the line ends the session.
bool executeLine(Session& session, std::string_view line);

// The handlers, by file.
Answer<void> runStatus(Session& session, const std::string& argument);
Answer<void> runPid(Session& session, const std::string& argument);
Answer<void> runStart(Session& session, const std::string& argument);
Answer<void> runStop(Session& session, const std::string& argument);
Answer<void> runRestart(Session& session, const std::string& argument);
Answer<void> runEnable(Session& session, const std::string& argument);
Answer<void> runScale(Session& session, const std::string& argument);
Answer<void> runDisable(Session& session, const std::string& argument);
Answer<void> runReloadProgram(Session& session, const std::string& argument);
Answer<void> runSerialRestart(Session& session, const std::string& argument);
Answer<void> runSignal(Session& session, const std::string& argument);
Answer<void> runTail(Session& session, const std::string& argument);
Answer<void> runMaintail(Session& session, const std::string& argument);
Answer<void> runClear(Session& session, const std::string& argument);
Answer<void> runForeground(Session& session, const std::string& argument);
Answer<void> runAvail(Session& session, const std::string& argument);
Answer<void> runReread(Session& session, const std::string& argument);
Answer<void> runUpdate(Session& session, const std::string& argument);
Answer<void> runAdd(Session& session, const std::string& argument);
Answer<void> runRemove(Session& session, const std::string& argument);
Answer<void> runVersion(Session& session, const std::string& argument);
Answer<void> runShutdown(Session& session, const std::string& argument);
Answer<void> runReload(Session& session, const std::string& argument);
Answer<void> runUpgrade(Session& session, const std::string& argument);
Answer<void> runOpen(Session& session, const std::string& argument);
Answer<void> runHelp(Session& session, const std::string& argument);
Answer<void> runComplete(Session& session, const std::string& argument);

}  // namespace ctl
