// SPDX-License-Identifier: MIT
// start, stop, signal: the commands that act on processes, and the simple restart.
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/command_words.hpp"
#include "ctl/supervisorctl/control.hpp"
#include "ctl/supervisorctl/left_stopped.hpp"
#include "ctl/supervisorctl/process_verbs.hpp"
#include "ctl/supervisorctl/selection.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "ctl/supervisorctl/unknown_option.hpp"
#include "ctl/supervisorctl/verb_runner.hpp"
#include "ctl/supervisorctl/waiting.hpp"
#include "lib/core/clock.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

/// The common part of start, stop and restart: the arguments, the calls, and --wait.
Answer<void> runVerbs(Session& session, std::string_view command, const std::string& argument,
                      const std::vector<Verb>& verbs) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  const bool stops = command == "stop";
  auto words = stops ? sortWords(argument, {"--wait", "--timeout", "--parallel", "--force"}, "STOPPED")
                     : sortWords(argument, {"--wait", "--timeout", "--parallel"}, "RUNNING");
  if (!words) {
    session.refuse(words.error().text, ExitStatus::InvalidArguments);
    return {};
  }
  if (words->names.empty()) {
    session.refuse("Error: " + std::string(command) + " requires a process name",
                   command == "start" ? ExitStatus::InvalidArguments : ExitStatus::Generic);
    printHelp(session, command);
    return {};
  }
  auto refused = refusesOption(session, command, words->names);
  if (!refused) return core::Err{std::move(refused).error()};
  if (*refused) return {};
  auto names = expandPatterns(session, words->names);
  if (!names) return core::Err{std::move(names).error()};
  const int before = session.exitStatus;
  const auto begin = core::Clock::now();
  const auto until = words->timeout ? std::optional(begin + std::chrono::seconds(*words->timeout)) : std::nullopt;
  std::vector<std::string> stopped;
  std::set<std::string> started;
  bool late = false;
  for (Verb verb : verbs) {
    if (words->force) verb.dependents = "none";
    VerbRunner runner(session, verb, until);
    if (Answer<void> done = runner.run(*names, words->parallel); !done) return done;
    late = runner.late();
    if (late) break;
    if (!stops && verb.dependents.empty()) started.insert(runner.reported().begin(), runner.reported().end());
    if (command != "restart") continue;
    if (!verb.dependents.empty()) {  // the stop
      stopped = runner.succeeded();
      continue;
    }
    // The start of all, or of a group, leaves out what is not to start by itself now.
    auto left = leftStopped(session, stopped, runner.reported());
    if (!left) return core::Err{std::move(left).error()};
    if (left->empty()) continue;
    VerbRunner rest(session, verb, until);
    if (Answer<void> done = rest.run(*left, words->parallel); !done) return done;
    late = rest.late();
    started.insert(rest.reported().begin(), rest.reported().end());
  }
  if (!words->waitFor) return {};
  auto reached =
      waitForState(session, *names, *words->waitFor, words->timeout, begin, stops || late ? nullptr : &started);
  if (!reached) return core::Err{std::move(reached).error()};
  // A failed first attempt is ignored if a later one succeeds in time.
  session.exitStatus = *reached ? before : ExitStatus::Generic;
  return {};
}

Answer<void> runEnabling(Session& session, const std::string& command, const std::string& argument, const Verb& verb) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  auto words = sortWords(argument, {});
  if (!words || words->names.empty()) {
    session.refuse(words ? "Error: " + command + " requires a process name" : words.error().text,
                   ExitStatus::InvalidArguments);
    printHelp(session, command);
    return {};
  }
  auto refused = refusesOption(session, command, words->names);
  if (!refused) return core::Err{std::move(refused).error()};
  if (*refused) return {};
  auto names = expandPatterns(session, words->names);
  if (!names) return core::Err{std::move(names).error()};
  return VerbRunner(session, verb).run(*names, false);
}

}  // namespace

Answer<void> runStart(Session& session, const std::string& argument) {
  return runVerbs(session, "start", argument, {startVerb()});
}

Answer<void> runStop(Session& session, const std::string& argument) {
  return runVerbs(session, "stop", argument, {stopVerb("all")});
}

Answer<void> runEnable(Session& session, const std::string& argument) {
  return runEnabling(session, "enable", argument, enableVerb());
}

Answer<void> runDisable(Session& session, const std::string& argument) {
  return runEnabling(session, "disable", argument, disableVerb());
}

Answer<void> stopAndStart(Session& session, const std::string& argument) {
  return runVerbs(session, "restart", argument, {stopVerb("restarting"), startVerb()});
}

Answer<void> stopEach(Session& session, const std::vector<std::string>& names, bool sideBySide) {
  return VerbRunner(session, stopVerb("restarting")).run(names, sideBySide);
}

Answer<void> startEach(Session& session, const std::vector<std::string>& names, bool sideBySide) {
  return VerbRunner(session, startVerb()).run(names, sideBySide);
}

Answer<void> runReloadProgram(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  std::vector<std::string> words = core::splitBlanks(argument);
  if (words.empty()) {
    session.refuse("Error: reload-program requires a process name");
    printHelp(session, "reload-program");
    return {};
  }
  auto refused = refusesOption(session, "reload-program", words);
  if (!refused) return core::Err{std::move(refused).error()};
  if (*refused) return {};
  for (std::string& word : words)
    if (word == "all") word = "*";
  auto names = expandPatterns(session, std::move(words));
  if (!names) return core::Err{std::move(names).error()};
  return VerbRunner(session, reloadVerb()).run(*names, false);
}

Answer<void> runSignal(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  auto words = sortWords(argument, {});
  if (!words || words->names.size() < 2) {
    session.refuse("Error: signal requires a signal name and a process name");
    printHelp(session, "signal");
    return {};
  }
  const Verb verb = signalVerb(words->names.front());
  auto names = expandPatterns(session, {words->names.begin() + 1, words->names.end()});
  if (!names) return core::Err{std::move(names).error()};
  return VerbRunner(session, verb).run(*names, false);
}

}  // namespace ctl
