// SPDX-License-Identifier: MIT
// avail, reread, update, add, remove: the commands about the configuration of the server.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ctl/supervisorctl/command.hpp"
#include "ctl/supervisorctl/failure_text.hpp"
#include "ctl/supervisorctl/names.hpp"
#include "ctl/supervisorctl/session.hpp"
#include "lib/core/text.hpp"

namespace ctl {
namespace {

using xmlrpc::FaultCode;

/// The result of reloadConfig: names of groups.
struct Changes {
  std::vector<std::string> added, changed, removed;
};

std::vector<std::string> textsOf(const xmlrpc::Value& value) {
  std::vector<std::string> texts;
  if (const xmlrpc::Array* array = value.array())
    for (const xmlrpc::Value& item : *array)
      if (const std::string* text = item.string()) texts.push_back(*text);
  return texts;
}

Answer<Changes> reloadConfig(Session& session) {
  auto answer = session.call("supervisor.reloadConfig");
  if (!answer) return core::Err{std::move(answer).error()};
  const xmlrpc::Array* outer = answer->array();
  const xmlrpc::Array* lists = outer && !outer->empty() ? outer->front().array() : nullptr;
  if (!lists || lists->size() < 3) return core::Err{raised("ValueError", "unexpected answer of reloadConfig")};
  return Changes{textsOf((*lists)[0]), textsOf((*lists)[1]), textsOf((*lists)[2])};
}

/// Calls `method` for one group and drops its result.
Answer<void> callGroup(Session& session, std::string_view method, const std::string& group) {
  auto answer = session.call(method, {xmlrpc::Value{group}});
  if (!answer) return core::Err{std::move(answer).error()};
  return {};
}

std::string configLine(const xmlrpc::Value& info) {
  return padded(joinName(textOf(info, "group"), textOf(info, "name")), 32) + ' ' +
         padded(numberOf(info, "inuse") != 0 ? "in use" : "avail", 9) + ' ' +
         padded(numberOf(info, "autostart") != 0 ? "auto" : "manual", 9) + ' ' +
         std::to_string(numberOf(info, "group_prio")) + ':' + std::to_string(numberOf(info, "process_prio"));
}

/// Prints the server's warnings about the configuration that it has just read. They go to standard error, because
/// scripts read standard output. Supervisor's daemon does not have this method: then there are none.
void showWarnings(Session& session) {
  const auto answer = session.call("supervisor_manager.getConfigWarnings");
  if (!answer) return;
  for (const std::string& warning : textsOf(*answer)) printError("Warning: " + warning);
}

/// Applies a configuration that was just read to the running groups.
class Update {
 public:
  Update(Session& session, std::vector<std::string> wanted) : session_(session), wanted_(std::move(wanted)) {}

  Answer<void> run(const Changes& changes) {
    if (!wanted_.empty())
      if (Answer<void> known = checkNames(changes.added); !known) return known;
    for (const std::string& group : changes.removed)
      if (isWanted(group))
        if (Answer<void> done = remove(group); !done) return done;
    for (const std::string& group : changes.changed)
      if (isWanted(group))
        if (Answer<void> done = replace(group); !done) return done;
    for (const std::string& group : changes.added)
      if (isWanted(group)) {
        if (Answer<void> done = callGroup(session_, "supervisor.addProcessGroup", group); !done) return done;
        session_.out.line(group + ": added process group");
      }
    return {};
  }

 private:
  [[nodiscard]] bool isWanted(const std::string& group) const {
    return wanted_.empty() || std::find(wanted_.begin(), wanted_.end(), group) != wanted_.end();
  }

  Answer<void> checkNames(const std::vector<std::string>& added) {
    auto infos = session_.allProcesses();
    if (!infos) return core::Err{std::move(infos).error()};
    std::set<std::string> known(added.begin(), added.end());
    for (const ProcessInfo& info : *infos) known.insert(info.group);
    for (const std::string& name : wanted_)
      if (!known.contains(name)) session_.refuse("ERROR: no such group: " + name);
    return {};
  }

  Answer<void> remove(const std::string& group) {
    auto results = session_.call("supervisor.stopProcessGroup", {xmlrpc::Value{group}});
    if (!results) return core::Err{std::move(results).error()};
    session_.out.line(group + ": stopped");
    for (const CallReport& report : toReports(*results))
      if (report.status == static_cast<int>(FaultCode::Failed)) {
        session_.refuse(group + ": has problems; not removing");
        return {};
      }
    if (Answer<void> done = callGroup(session_, "supervisor.removeProcessGroup", group); !done) return done;
    session_.out.line(group + ": removed process group");
    return {};
  }

  Answer<void> replace(const std::string& group) {
    if (Answer<void> done = callGroup(session_, "supervisor.stopProcessGroup", group); !done) return done;
    session_.out.line(group + ": stopped");
    if (Answer<void> done = callGroup(session_, "supervisor.removeProcessGroup", group); !done) return done;
    if (Answer<void> done = callGroup(session_, "supervisor.addProcessGroup", group); !done) return done;
    session_.out.line(group + ": updated process group");
    return {};
  }

  Session& session_;
  std::vector<std::string> wanted_;
};

/// The words of `argument`, each once, in their order.
std::vector<std::string> distinctWords(const std::string& argument) {
  std::vector<std::string> words;
  for (std::string& word : core::splitBlanks(argument))
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
  return words;
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
  if (!argument.empty()) {
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
  for (const auto& [name, word] : words) session.out.line(name + ": " + std::string(word));
  if (words.empty()) session.out.line("No config updates to processes");
  showWarnings(session);
  return {};
}

Answer<void> runUpdate(Session& session, const std::string& argument) {
  auto changes = reloadConfig(session);
  if (!changes) {
    if (!changes.error().isFault(FaultCode::ShutdownState)) return core::Err{std::move(changes).error()};
    session.refuse(shutdownLine("already shutting down", session.settings));
    return {};
  }
  std::vector<std::string> wanted = distinctWords(argument);
  if (std::find(wanted.begin(), wanted.end(), "all") != wanted.end()) wanted.clear();
  Answer<void> done = Update(session, std::move(wanted)).run(*changes);
  if (done) showWarnings(session);
  return done;
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
