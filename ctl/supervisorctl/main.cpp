// SPDX-License-Identifier: MIT
#include <cstdio>
#include <string>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/command_line.hpp"
#include "ctl/supervisorctl/link_name.hpp"
#include "ctl/supervisorctl/output.hpp"
#include "ctl/supervisorctl/rights.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "ctl/supervisorctl/settings_loader.hpp"
#include "ctl/supervisorctl/shell.hpp"
#include "lib/core/program.hpp"
#include "lib/core/text.hpp"

namespace {

int refuse(const std::string& program, const std::string& text, int status) {
  ctl::printError("Error: " + text);
  ctl::printError("For help, use " + program + " -h");
  return status;
}

int run(const std::vector<std::string>& words) {
  const std::string program = ctl::invokedPath(words.empty() ? "supervisorctl" : words.front());
  const std::vector<std::string> arguments(words.empty() ? words.begin() : words.begin() + 1, words.end());
  auto line = ctl::parseCommandLine(arguments);
  if (!line) return refuse(program, line.error().text, 2);
  if (line->help) {
    std::fputs(ctl::usageText(program).c_str(), stdout);
    return 0;
  }
  const auto config = ctl::chooseConfig(*line, program);
  const auto acted = ctl::actAsOwner(*line, program, config);
  if (!acted) return refuse(program, acted.error().text, 2);
  if (*acted) return **acted;
  auto settings = ctl::loadSettings(*line, program, config);
  if (!settings) {
    if (const std::string note = ctl::rightsNote(); !note.empty()) ctl::printError(note);
    return refuse(program, settings.error().text, settings.error().exitStatus);
  }
  for (const std::string& warning : settings->warnings) ctl::printError("Warning: " + warning);
  ctl::Session session(std::move(settings).value());
  if (session.settings.action.empty()) return ctl::runShell(session);
  ctl::executeLine(session, core::join(session.settings.action, " "));
  return session.exitStatus;
}

}  // namespace

int main(int argc, char** argv) {
  return core::runProgram("supervisorctl", [&] { return run({argv, argv + argc}); });
}
