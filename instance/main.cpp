// SPDX-License-Identifier: MIT
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "instance/config/command_line.hpp"
#include "instance/config/load.hpp"
#include "instance/config/overlay.hpp"
#include "instance/config/version.hpp"
#include "instance/handover/keeping.hpp"
#include "instance/handover/legacy.hpp"
#include "instance/handover/state_check.hpp"
#include "instance/handover/wreck.hpp"
#include "instance/http_frontend.hpp"
#include "instance/state/sealed.hpp"
#include "instance/state/text.hpp"
#include "instance/supervisord.hpp"
#include "lib/core/files.hpp"
#include "lib/core/program.hpp"
#include "lib/core/terminal_text.hpp"

namespace {

constexpr int kUsageStatus = 2;

void print(int fd, const std::string& text) { (void)core::writeAll(fd, text); }

/// The largest overlay: as large as an included file may be.
constexpr std::size_t kLargestInput = 64 * 1024 * 1024;

core::Expected<std::string> readInput() {
  std::string text;
  char buffer[16384];
  for (;;) {
    const auto n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return core::sysError("cannot read the overlay on standard input", errno);
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kLargestInput) return core::Err{core::Error{"the overlay on standard input is too large"}};
  }
}

int fail(const config::CommandLine& line, const std::string& text) {
  print(STDERR_FILENO, config::usageError(line.program, text));
  return kUsageStatus;
}

Inheritance inheritanceOf(const state::State& state) {
  Inheritance inheritance;
  inheritance.first = false;
  inheritance.fileLimit = state.daemon.fileLimit;
  inheritance.manager = ManagerLink::listenerAt(state.daemon.notifySocket, state.daemon.manager);
  inheritance.manager.store = state.daemon.store;
  inheritance.eventSerial = state.events.nextSerial;
  inheritance.arguments = state.daemon.arguments;
  return inheritance;
}

/// Runs one life after the other, until one ends without a restart.
int live(const config::CommandLine& line, Inheritance inheritance) {
  for (;;) {
    auto configuration = config::load(line, config::Unreadable::Skipped);
    if (!configuration) return fail(line, configuration.error().text);
    if (inheritance.first && !configuration->daemon.noDaemon)
      if (const auto status = inheritance.background.fork()) return *status;
    Supervisord supervisord(line, std::move(*configuration), inheritance);
    if (const auto ready = supervisord.setUp(); !ready) return fail(line, ready.error().text);
    if (supervisord.run() == process::SupervisorState::Shutdown) return supervisord.exitStatus();
  }
}

/// Runs a life that is set up, and those that may follow.
int finish(std::optional<Supervisord>& supervisord, const config::CommandLine& line, Inheritance& inheritance) {
  const auto left = supervisord->run();
  const int status = supervisord->exitStatus();
  supervisord.reset();
  return left == process::SupervisorState::Shutdown ? status : live(line, std::move(inheritance));
}

ManagerLink::Listener listenerFromEnvironment() {
  auto listener = ManagerLink::listenerFromEnvironment();
  listener.store = handover::storeFromEnvironment(listener.manager).has_value();
  return listener;
}

int start(const config::CommandLine& line, const std::vector<std::string>& arguments) {
  Inheritance inheritance;
  inheritance.arguments = arguments;
  inheritance.manager = listenerFromEnvironment();
  return live(line, std::move(inheritance));
}

/// Continues with the programs of a supervisord that has crashed.
int takeOverWreck(const std::vector<std::string>& arguments) {
  handover::Wreck wreck;
  Inheritance inheritance;  // lives longer than what refers to it
  std::optional<Supervisord> supervisord;
  core::Status taken;
  try {
    inheritance.manager = listenerFromEnvironment();
    using Attempts = handover::Wreck::Attempts;
    taken = wreck.read(inheritance.manager.manager ? Attempts::Unlimited : Attempts::Limited);
    if (taken) {
      inheritance.eventSerial = wreck.state.events.nextSerial;
      inheritance.arguments = arguments;
      supervisord.emplace(wreck.state, inheritance);
      taken = supervisord->takeOver(wreck);
    }
  } catch (const std::exception& error) {
    taken = core::Err{core::Error{error.what()}};
  }
  if (!taken) {
    print(STDERR_FILENO, "Error: cannot take over the programs of the supervisord that crashed: " +
                             core::printable(taken.error().text) + "\n");
    if (!inheritance.manager.manager) wreck.abandon(inheritance.manager.notifier);
    ::_exit(handover::kCannotTakeOver);  // what was begun would say goodbye to programs that it cannot control
  }
  const auto line = std::move(wreck.state.commandLine);
  wreck.clear();
  return finish(supervisord, line, inheritance);
}

/// Continues where an older program was in this process, or gives the process back to it.
int takeOver(const std::vector<std::string>& arguments) {
  handover::Legacy legacy(arguments);
  Inheritance inheritance;  // lives longer than what refers to it
  std::optional<Supervisord> supervisord;
  core::Status resumed;
  try {
    resumed = legacy.read();
    if (resumed) {
      inheritance = inheritanceOf(legacy.state);
      supervisord.emplace(legacy.state, inheritance);
      resumed = supervisord->resume(legacy.state, legacy.descriptors);
    }
  } catch (const std::exception& error) {
    resumed = core::Err{core::Error{error.what()}};
  }
  if (!resumed) {
    const auto failure = legacy.giveBack(resumed.error().text);
    print(STDERR_FILENO, "Error: cannot continue after an upgrade: " + failure.text + "\n");
    ::_exit(kUsageStatus);  // destroying what was begun would remove files that the programs still need
  }
  legacy.accept();
  supervisord->proceed(legacy.state, legacy.descriptors, legacy.refused());
  const auto line = std::move(legacy.state.commandLine);
  legacy.clear();
  return finish(supervisord, line, inheritance);
}

/// Prints what is wrong with the configuration, and changes nothing.
int check(config::CommandLine line) {
  if (line.overlaid) {
    const auto text = readInput();
    auto overlay = text ? config::Overlay::parse(*text) : core::Err{text.error()};
    if (!overlay) return fail(line, overlay.error().text);
    line.overlay = std::make_shared<const config::Overlay>(std::move(*overlay));
  }
  const auto refuse = [](const core::Error& error) {
    print(STDERR_FILENO, "Error: " + error.text + "\n");
    return kUsageStatus;
  };
  const auto configuration = config::load(line);
  if (!configuration) return refuse(configuration.error());
  const auto isMade = [&line](const std::string& path) {
    return line.overlay && line.overlay->directories.count(path);
  };
  if (const auto good = HttpFrontend::checkServers(*configuration, isMade); !good) return refuse(good.error());
  for (const auto& text : configuration->warnings()) print(STDERR_FILENO, "Warning: " + std::string(text) + "\n");
  print(STDOUT_FILENO, line.fileAsTyped + ": the configuration is good\n");
  return 0;
}

/// Whether this program could continue where the supervisord was that wrote the state.
int checkState(int descriptor) {
  const auto text = state::readSealed(descriptor);
  const auto state = text ? state::decode(*text) : core::Err{text.error()};
  if (state) return print(STDOUT_FILENO, std::string(handover::kStateUnderstood) + "\n"), 0;
  print(STDERR_FILENO, "Error: " + state.error().text + "\n");
  return kUsageStatus;
}

int run(const std::vector<std::string>& arguments) {
  core::openStandardDescriptors();  // an upgrade leaves them as they are
  // If a reader goes away or a file reaches its limit, the write fails with an error; without this the signal would end
  // us. Children get the defaults back.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
  if (handover::Legacy::announced()) return takeOver(arguments);
  if (handover::Wreck::announced()) return takeOverWreck(arguments);
  const auto line = config::parseCommandLine(arguments);
  if (!line) {
    print(STDERR_FILENO, config::usageError(arguments.front(), line.error().text));
    return kUsageStatus;
  }
  if (line->action == config::CommandLine::Action::Help) return print(STDOUT_FILENO, config::usage(line->program)), 0;
  if (line->action == config::CommandLine::Action::Version)
    return print(STDOUT_FILENO, std::string(config::supervisorVersion) + "\n"), 0;
  if (line->action == config::CommandLine::Action::Check) return check(*line);
  if (line->action == config::CommandLine::Action::CheckState) return checkState(line->stateDescriptor);
  print(STDERR_FILENO, line->notice);
  return start(*line, arguments);
}

}  // namespace

int main(int argc, char** argv) {
  return core::runProgram("supervisord", [&] { return run({argv, argv + argc}); });
}
