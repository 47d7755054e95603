// SPDX-License-Identifier: MIT
// serialrestart: the command that the plug-in supervisor-serialrestart adds to Supervisor's client.
#include <algorithm>
#include <string>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/control.hpp"
#include "ctl/supervisorctl/selection.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

/// The processes that the arguments of `serialrestart` select, each once, in that order.
Answer<std::vector<std::string>> processesOf(Session& session, const std::vector<std::string>& words) {
  auto infos = session.allProcesses();
  if (!infos) return core::Err{std::move(infos).error()};
  std::vector<std::string> names;
  const auto add = [&names](const ProcessInfo& info) {
    if (std::find(names.begin(), names.end(), info.fullName()) == names.end()) names.push_back(info.fullName());
  };
  if (std::find(words.begin(), words.end(), "all") != words.end()) {
    std::for_each(infos->begin(), infos->end(), add);
    return names;
  }
  for (const std::string& word : words) {
    const Selection selection = select(*infos, {word});
    std::for_each(selection.found.begin(), selection.found.end(), add);
    if (selection.found.empty()) session.refuse("No such process " + word);
  }
  return names;
}

}  // namespace

Answer<void> runSerialRestart(Session& session, const std::string& argument) {
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  const std::vector<std::string> words = core::splitBlanks(argument);
  if (words.empty()) {
    session.refuse("Error: serialrestart requires a process name");
    printHelp(session, "serialrestart");
    return {};
  }
  auto names = processesOf(session, words);
  if (!names) return core::Err{std::move(names).error()};
  for (auto name = names->begin(); name != names->end(); ++name) {
    auto restarted = restartOne(session, *name);
    if (!restarted) return core::Err{std::move(restarted).error()};
    if (*restarted) continue;
    if (const std::vector<std::string> rest(name + 1, names->end()); !rest.empty())
      session.problem("ERROR: " + *name + " did not restart, so these were not restarted: " + core::join(rest, " "));
    break;
  }
  return {};
}

}  // namespace ctl
