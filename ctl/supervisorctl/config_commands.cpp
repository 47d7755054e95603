// SPDX-License-Identifier: MIT
// avail, reread, add, remove: the commands about the configuration of the server.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/config_changes.hpp"
#include "ctl/supervisorctl/failure_text.hpp"
#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "ctl/supervisorctl/unknown_option.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

std::string configLine(const xmlrpc::Value& info) {
  return padded(joinName(textOf(info, "group"), textOf(info, "name")), 32) + ' ' +
         padded(numberOf(info, "inuse") != 0 ? "in use" : "avail", 9) + ' ' +
         padded(numberOf(info, "autostart") != 0 ? "auto" : "manual", 9) + ' ' +
         std::to_string(numberOf(info, "group_prio")) + ':' + std::to_string(numberOf(info, "process_prio"));
}

}  // namespace

Answer<void> runAvail(Session& session, const std::string& argument) {
  if (!argument.empty()) {
    session.refuse("Error: avail accepts no arguments");
    printHelp(session, "avail");
    return {};
  }
  auto answer = session.call("supervisor.getAllConfigInfo");
  if (!answer) {
    if (!answer.error().isFault(FaultCode::ShutdownState)) return core::Err{std::move(answer).error()};
    session.refuse(shutdownLine("supervisor shutting down", session.settings));
    return {};
  }
  if (const xmlrpc::Array* infos = answer->array())
    for (const xmlrpc::Value& info : *infos) session.out.line(configLine(info));
  return {};
}

Answer<void> runReread(Session& session, const std::string& argument) {
  const bool verbose = core::trim(argument) == "--verbose";
  if (!argument.empty() && !verbose) {
    const auto words = core::splitBlanks(argument);
    const auto option = std::find_if(words.begin(), words.end(), [](const std::string& word) {
      return looksLikeOption(word) && word != "--verbose";
    });
    if (option != words.end()) {
      refuseOption(session, "reread", *option);
      return {};
    }
    session.refuse("Error: reread accepts no arguments");
    printHelp(session, "reread");
    return {};
  }
  auto changes = reloadConfig(session);
  if (!changes) {
    const Failure& failure = changes.error();
    if (failure.isFault(FaultCode::ShutdownState))
      session.refuse(shutdownLine("supervisor shutting down", session.settings));
    else
      return core::Err{std::move(changes).error()};
    return {};
  }
  std::map<std::string, std::string_view> words;
  for (const std::string& name : changes->added) words[name] = "available";
  for (const std::string& name : changes->changed) words[name] = "changed";
  for (const std::string& name : changes->removed) words[name] = "disappeared";
  std::map<std::string, GroupPlan> plans;
  if (verbose) {
    auto found = configChanges(session, false);
    if (!found && found.error().isFault(FaultCode::UnknownMethod))
      refuseOldServer(session, "--verbose");
    else if (!found)
      return core::Err{std::move(found).error()};
    else
      for (GroupPlan& plan : *found) plans.insert_or_assign(plan.name, std::move(plan));
  }
  for (const auto& [name, word] : words) {
    const auto plan = plans.find(name);
    session.out.line(name + ": " + std::string(word) + (plan == plans.end() ? "" : inBrackets(plan->second.keys)));
    if (plan != plans.end()) printPrograms(session, plan->second);
  }
  if (words.empty()) session.out.line("No config updates to processes");
  showWarnings(session);
  return {};
}

Answer<void> runAdd(Session& session, const std::string& argument) {
  for (const std::string& name : core::splitBlanks(argument)) {
    Answer<void> done = callGroup(session, "supervisor.addProcessGroup", name);
    if (done)
      session.out.line(name + ": added process group");
    else if (done.error().isFault(FaultCode::ShutdownState))
      session.refuse(shutdownLine("shutting down", session.settings));
    else if (done.error().isFault(FaultCode::AlreadyAdded))
      session.problem("ERROR: process group already active");
    else if (done.error().isFault(FaultCode::BadName))
      session.refuse("ERROR: no such process/group: " + name);
    else
      return done;
  }
  return {};
}

Answer<void> runRemove(Session& session, const std::string& argument) {
  for (const std::string& name : core::splitBlanks(argument)) {
    Answer<void> done = callGroup(session, "supervisor.removeProcessGroup", name);
    if (done)
      session.out.line(name + ": removed process group");
    else if (done.error().isFault(FaultCode::StillRunning))
      session.refuse("ERROR: process/group still running: " + name);
    else if (done.error().isFault(FaultCode::BadName))
      session.refuse("ERROR: no such process/group: " + name);
    else
      return done;
  }
  return {};
}

}  // namespace ctl
