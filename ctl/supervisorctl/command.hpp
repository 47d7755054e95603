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
  Answer<void> (*run)(Session& session, const std::string& argument);
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
Answer<void> runStatus(Session& session, const std::string& argument);
Answer<void> runPid(Session& session, const std::string& argument);
Answer<void> runStart(Session& session, const std::string& argument);
Answer<void> runStop(Session& session, const std::string& argument);
Answer<void> runRestart(Session& session, const std::string& argument);
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
Answer<void> runOpen(Session& session, const std::string& argument);
Answer<void> runHelp(Session& session, const std::string& argument);
Answer<void> runComplete(Session& session, const std::string& argument);

}  // namespace ctl
