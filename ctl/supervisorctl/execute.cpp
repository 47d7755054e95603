// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/failure_text.hpp"
#include "ctl/supervisorctl/rights.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

constexpr std::string_view kWordBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

void refuseSyntax(Session& session, std::string_view line) {
  session.refuse("*** Unknown syntax: " + std::string(line));
}

/// Asks for a user and a password, for all further calls.
Answer<void> askForLogin(Session& session) {
  session.out.flush();
  std::string username, password;
  auto result = session.keyboard.readLine("Username:", username);
  if (result == ReadResult::Line) result = session.keyboard.readPassword("Password:", password);
  if (result == ReadResult::Interrupted) return core::Err{interrupted()};
  if (result == ReadResult::End) return core::Err{raised("EOFError", "EOF when reading a line")};
  session.out.line("");
  session.logIn(std::move(username), std::move(password));
  return {};
}

/// Runs the command. While the server refuses the login, asks the user for another one and runs it again.
Answer<void> runWithLogin(Session& session, const Command& command, const std::string& argument) {
  for (;;) {
    Answer<void> done = command.run(session, argument);
    if (done || done.error().kind != Failure::Kind::Unauthorized) return done;
    if (!session.settings.interactive) return done;
    session.problem("Server requires authentication");
    if (Answer<void> asked = askForLogin(session); !asked) return asked;
  }
}

}  // namespace

bool executeLine(Session& session, std::string_view text) {
  std::string line(core::trim(text));
  if (line.empty()) return false;
  if (line.front() == '?') line = "help " + line.substr(1);
  // The name of a command of ours can have a hyphen. In Supervisor it ends there: "tail-f x" is tail.
  std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  if (findCommand(std::string_view(line).substr(0, end)) == nullptr)
    end = std::min(line.find_first_not_of(kWordBytes), line.size());
  const Command* command = findCommand(std::string_view(line).substr(0, end));
  if (!command) {
    refuseSyntax(session, line);
    return false;
  }
  if (command->name == "quit" || command->name == "exit" || command->name == "EOF") {
    session.out.line("");
    return true;
  }
  session.machineOutput = false;
  const Answer<void> done =
      runWithLogin(session, *command, std::string(core::trim(std::string_view(line).substr(end))));
  if (done) return false;
  if (done.error().kind == Failure::Kind::Interrupted) {
    session.refuse("", ExitStatus::Interrupted);
    return true;
  }
  session.refuse(failureLine(done.error(), session.settings));
  if (done.error().type == "PermissionError")
    if (const std::string note = rightsNote(); !note.empty()) session.problem(note);
  return false;
}

}  // namespace ctl
