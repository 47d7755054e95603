// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "instance/config/command_line.hpp"
#include "instance/config/load.hpp"
#include "instance/config/version.hpp"
#include "instance/supervisord.hpp"
#include "lib/core/program.hpp"

namespace {

constexpr int usageStatus = 2;

void print(int fd, const std::string& text) { (void)!::write(fd, text.data(), text.size()); }

int fail(const config::CommandLine& line, const std::string& text) {
  print(STDERR_FILENO, config::usageError(line.program, text));
  return usageStatus;
}

/// One life after the other, until one ends for good.
int live(const config::CommandLine& line) {
  Inheritance inheritance;
  inheritance.manager = ManagerLink::listenerFromEnvironment();
  for (;;) {
    auto configuration = config::load(line);
    if (!configuration) return fail(line, configuration.error().text);
    if (inheritance.first && !configuration->daemon.noDaemon)
      if (const auto status = inheritance.background.fork()) return *status;
    Supervisord supervisord(line, std::move(*configuration), inheritance);
    if (const auto ready = supervisord.setUp(); !ready) return fail(line, ready.error().text);
    if (supervisord.run() == process::Mood::Shutdown) return 0;
  }
}

int run(const std::vector<std::string>& arguments) {
  // A reader of ours that goes away is an error of a write, not our end. Children get the defaults back.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  const auto line = config::parseCommandLine(arguments);
  if (!line) {
    print(STDERR_FILENO, config::usageError(arguments.front(), line.error().text));
    return usageStatus;
  }
  if (line->action == config::CommandLine::Action::Help) return print(STDOUT_FILENO, config::usage(line->program)), 0;
  if (line->action == config::CommandLine::Action::Version) return print(STDOUT_FILENO, std::string(config::supervisorVersion) + "\n"), 0;
  print(STDERR_FILENO, line->notice);
  return live(*line);
}

}  // namespace

int main(int argc, char** argv) {
  return core::runProgram("supervisord", [&] { return run({argv, argv + argc}); });
}
