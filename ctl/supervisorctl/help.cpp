// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "ctl/supervisorctl/columns.hpp"
#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/session.hpp"

namespace ctl {
namespace {

constexpr std::string_view kTitle = "default commands (type help <topic>):";
constexpr std::size_t kWidth = 79;
/// Printed after the help of every command that takes processes.
constexpr std::string_view kNames =
    "NAME is a process (web), a process of a group (web:web_0), a whole group (web:*) or a shell\n"
    "pattern ('web_*', in quotes), which is matched against the process and against group:process.";

}  // namespace

void printHelp(Session& session, std::string_view name) {
  const Command* command = findCommand(name);
  if (!command || command->help.empty()) {
    session.out.line("*** No help on " + std::string(name));
    return;
  }
  session.out.lines(command->help);
  if (command->completes == Completes::Processes) session.out.lines(kNames);
}

Answer<void> runHelp(Session& session, const std::string& argument) {
  if (!argument.empty()) {
    printHelp(session, argument);
    return {};
  }
  std::vector<std::string_view> names;
  for (const Command& command : commandTable())
    if (command.listed) names.push_back(command.name);
  session.out.line("");
  session.out.line(kTitle);
  session.out.line(std::string(kTitle.size(), '='));
  session.out.raw(inColumns(names, kWidth));
  session.out.line("");
  return {};
}

}  // namespace ctl
