// SPDX-License-Identifier: MIT
// restart and serialrestart: together, one after the other, or only what has changed.
#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/command_words.hpp"
#include "ctl/supervisorctl/config_changes.hpp"
#include "ctl/supervisorctl/control.hpp"
#include "ctl/supervisorctl/failure_text.hpp"
#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/selection.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "ctl/supervisorctl/unknown_option.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

/// The processes that `words` select, each once, in that order. A disabled one that does not run has to be named.
Answer<std::vector<std::string>> processesOf(Session& session, const std::vector<std::string>& words) {
  auto infos = session.allProcesses();
  if (!infos) return core::Err{std::move(infos).error()};
  std::vector<std::string> names;
  const auto add = [&](const ProcessInfo& info) {
    if (info.isStopped() && info.furtherMember("disabled") != nullptr &&
        std::find(words.begin(), words.end(), info.fullName()) == words.end())
      return;
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

/// How the configuration of processes differs from that they run with, by "group:process" or "process".
using Changed = std::map<std::string, std::string>;

/// Restarts processes, a few at a time. The next few follow when all of these run.
class Roll {
 public:
  /// `atATime` 0: all. With `changed` the server applies the change of each before it is started.
  Roll(Session& session, std::size_t atATime, Changed changed)
      : session_(session), atATime_(atATime), changed_(std::move(changed)) {}

  Answer<void> run(const std::vector<std::string>& names) {
    const std::size_t step = atATime_ == 0 ? std::max<std::size_t>(names.size(), 1) : atATime_;
    for (std::size_t begin = 0; begin < names.size(); begin += step) {
      const auto end = std::min(begin + step, names.size());
      const std::vector<std::string> some(names.begin() + static_cast<std::ptrdiff_t>(begin),
                                          names.begin() + static_cast<std::ptrdiff_t>(end));
      auto restarted = restart(some);
      if (!restarted) return core::Err{std::move(restarted).error()};
      if (*restarted) continue;
      const std::vector<std::string> rest(names.begin() + static_cast<std::ptrdiff_t>(end), names.end());
      if (!rest.empty())
        session_.problem("ERROR: " + core::join(some, " ") +
                         " did not restart, so these were not restarted: " + core::join(rest, " "));
      break;
    }
    return {};
  }

 private:
  /// Returns false if one did not stop or did not start.
  Answer<bool> restart(const std::vector<std::string>& names) {
    const int before = std::exchange(session_.exitStatus, ExitStatus::Success);
    Answer<void> done = changed_.empty() ? stopEach(session_, names, names.size() > 1) : applyTo(names);
    if (done && session_.exitStatus == ExitStatus::Success) done = startEach(session_, names, names.size() > 1);
    if (!done) return core::Err{std::move(done).error()};
    if (session_.exitStatus != ExitStatus::Success) return false;
    session_.exitStatus = before;
    return true;
  }

  /// Stops them and applies what has changed.
  Answer<void> applyTo(const std::vector<std::string>& names) {
    std::map<std::string, xmlrpc::Array> groups;
    for (const std::string& text : names) {
      const ProcessName name = splitName(text);
      groups[name.group].push_back(xmlrpc::Value{name.process.value_or(text)});
    }
    for (auto& [group, programs] : groups) {
      auto answer = session_.call("supervisor.updateProcessGroup",
                                  {xmlrpc::Value{group}, xmlrpc::Value{false}, xmlrpc::Value{std::move(programs)}});
      if (!answer) return core::Err{std::move(answer).error()};
    }
    for (const std::string& name : names) session_.out.line(name + ": stopped");
    return {};
  }

  Session& session_;
  std::size_t atATime_;
  Changed changed_;
};

/// Lets the server read its configuration, applies what needs no restart, and leaves of `names` those that do.
Answer<Changed> keepChanged(Session& session, std::vector<std::string>& names) {
  auto plans = configChanges(session, false);  // first: an old server must not read anything
  if (!plans) return core::Err{std::move(plans).error()};
  if (auto read = reloadConfig(session); !read) return core::Err{std::move(read).error()};
  plans = configChanges(session, false);
  if (!plans) return core::Err{std::move(plans).error()};
  Changed changed;
  for (const GroupPlan& plan : *plans)
    for (const GroupPlan::Program& program : plan.programs)
      if (!follows(program))
        changed[joinName(plan.name, program.name)] = plan.change == "replaced" ? plan.change : program.change;
  const auto differs = [&changed](const std::string& name) { return changed.contains(name); };
  if (!names.empty() && std::none_of(names.begin(), names.end(), differs))
    session.out.line(changed.empty() ? "No config updates to processes" : "No config updates to these processes");
  std::vector<std::string> restarted;
  Changed kept;
  for (const std::string& name : names) {
    const auto found = changed.find(name);
    if (found == changed.end()) continue;
    const ProcessName split = splitName(name);
    if (found->second == "replaced") {
      session.refuse(name + ": ERROR (its group changes as a whole: use \"update " + split.group + "\")");
    } else if (found->second == "removed") {
      session.refuse(name + ": ERROR (it is not configured any more: use \"update " + split.group + "\")");
    } else if (found->second == "live") {
      auto done = session.call("supervisor.updateProcessGroup",
                               {xmlrpc::Value{split.group}, xmlrpc::Value{false},
                                xmlrpc::Value{xmlrpc::Array{xmlrpc::Value{split.process.value_or(name)}}}});
      if (!done) return core::Err{std::move(done).error()};
      session.out.line(name + ": changed without a restart");
    } else {
      restarted.push_back(name);
      kept.insert(*found);
    }
  }
  names = std::move(restarted);
  return kept;
}

/// restart with --rolling, --max-unavailable or --if-changed.
Answer<void> restartWith(Session& session, const CommandWords& words) {
  auto refused = refusesOption(session, "restart", words.names);
  if (!refused) return core::Err{std::move(refused).error()};
  if (*refused) return {};
  auto names = processesOf(session, words.names);
  if (!names) return core::Err{std::move(names).error()};
  Changed changed;
  if (words.ifChanged) {
    auto found = keepChanged(session, *names);
    if (!found && found.error().isFault(FaultCode::UnknownMethod)) {
      refuseOldServer(session, "--if-changed");
      return {};
    }
    if (!found) return core::Err{std::move(found).error()};
    changed = std::move(*found);
    if (names->empty()) return {};
  }
  const bool rolling = words.rolling || words.maxUnavailable;
  return Roll(session, rolling ? static_cast<std::size_t>(words.maxUnavailable.value_or(1)) : 0, std::move(changed))
      .run(*names);
}

}  // namespace

Answer<void> runRestart(Session& session, const std::string& argument) {
  const auto words = sortWords(
      argument, {"--wait", "--timeout", "--parallel", "--rolling", "--max-unavailable", "--if-changed"}, "RUNNING");
  if (words && !words->rolling && !words->maxUnavailable && !words->ifChanged) return stopAndStart(session, argument);
  auto up = session.isUp();
  if (!up) return core::Err{std::move(up).error()};
  if (!*up) return {};
  if (!words) {
    session.refuse(words.error().text, ExitStatus::InvalidArguments);
  } else if (words->waitFor) {
    session.refuse("Error: --rolling and --if-changed wait by themselves, without --wait and --timeout",
                   ExitStatus::InvalidArguments);
  } else if (words->names.empty()) {
    session.refuse("Error: restart requires a process name");
    printHelp(session, "restart");
  } else {
    return restartWith(session, *words);
  }
  return {};
}

// The command of the plug-in supervisor-serialrestart for Supervisor's client, which many installations use.
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
  auto refused = refusesOption(session, "serialrestart", words);
  if (!refused) return core::Err{std::move(refused).error()};
  if (*refused) return {};
  auto names = processesOf(session, words);
  if (!names) return core::Err{std::move(names).error()};
  return Roll(session, 1, {}).run(*names);
}

}  // namespace ctl
