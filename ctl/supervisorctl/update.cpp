// SPDX-License-Identifier: MIT
// update: applies a changed configuration.
#include <algorithm>
#include <set>
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

/// Applies a configuration that was just read to the running groups.
class Update {
 public:
  /// `wanted`: names of groups, "all", or none, which means all.
  Update(Session& session, std::vector<std::string> wanted, bool start)
      : session_(session), wanted_(std::move(wanted)), start_(start) {
    all_ = wanted_.empty() || std::find(wanted_.begin(), wanted_.end(), "all") != wanted_.end();
  }

  Answer<void> run(const Changes& changes) {
    auto known = knowsNames(changes.added);
    if (!known) return core::Err{std::move(known).error()};
    if (!*known) return {};
    for (const std::string& group : changes.removed)
      if (isWanted(group))
        if (Answer<void> done = remove(group); !done) return done;
    for (const std::string& group : changes.changed)
      if (isWanted(group))
        if (Answer<void> done = replace(group); !done) return done;
    for (const std::string& group : changes.added)
      if (isWanted(group)) {
        if (Answer<void> done = add(group); !done) return done;
        session_.out.line(group + ": added process group");
      }
    return {};
  }

  /// Prints what run() would do.
  Answer<void> plan() {
    auto plans = configChanges(session_, true);
    if (!plans) return core::Err{std::move(plans).error()};
    std::vector<std::string> added;
    for (const GroupPlan& one : *plans)
      if (one.change == "added") added.push_back(one.name);
    auto known = knowsNames(added);
    if (!known) return core::Err{std::move(known).error()};
    if (!*known) return {};
    bool any = false;
    for (const char* const change : {"removed", "replaced", "changed", "same", "added"})
      for (const GroupPlan& one : *plans) {
        if (one.change != change || !isWanted(one.name)) continue;
        any = true;
        session_.out.line(one.name + ": would be " +
                          (one.change == "changed" ? "updated"
                           : one.change == "same"  ? "the same"
                                                   : one.change) +
                          inBrackets(one.keys));
        printPrograms(session_, one, start_);
      }
    if (!any) session_.out.line("No config updates to processes");
    return {};
  }

 private:
  [[nodiscard]] bool isWanted(const std::string& group) const {
    return all_ || std::find(wanted_.begin(), wanted_.end(), group) != wanted_.end();
  }

  /// Reports names without a group. False: one of them is meant as an option, so nothing may be changed.
  Answer<bool> knowsNames(const std::vector<std::string>& added) {
    if (all_ && std::none_of(wanted_.begin(), wanted_.end(), looksLikeOption)) return true;
    auto infos = session_.allProcesses();
    if (!infos) return core::Err{std::move(infos).error()};
    std::set<std::string> known(added.begin(), added.end());
    for (const ProcessInfo& info : *infos) known.insert(info.group);
    for (const std::string& name : wanted_)
      if (looksLikeOption(name) && !known.contains(name)) {
        refuseOption(session_, "update", name);
        return false;
      }
    for (const std::string& name : wanted_)
      if (!all_ && !known.contains(name)) session_.refuse("ERROR: no such group: " + name);
    return true;
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

  Answer<void> add(const std::string& group) {
    if (start_) return callGroup(session_, "supervisor.addProcessGroup", group);
    auto answer = session_.call("supervisor.updateProcessGroup", {xmlrpc::Value{group}, xmlrpc::Value{false}});
    if (!answer) return core::Err{std::move(answer).error()};
    return {};
  }

  /// Lets the server change what differs. Supervisor's can only restart the whole group.
  Answer<void> replace(const std::string& group) {
    auto answer = session_.call("supervisor.updateProcessGroup", {xmlrpc::Value{group}, xmlrpc::Value{start_}});
    if (!answer && start_ && answer.error().isFault(FaultCode::UnknownMethod)) return replaceWhole(group);
    if (!answer) return core::Err{std::move(answer).error()};
    const GroupPlan plan = toPlan(*answer);
    if (plan.change != "changed" || plan.kept == 0) {  // Supervisor's line
      session_.out.line(group + ": stopped");
    } else {
      for (const GroupPlan::Program& program : plan.programs)
        if (program.change == "restarted" || program.change == "removed")
          session_.out.line(joinName(group, program.name) + ": stopped");
    }
    session_.out.line(group + ": updated process group");
    return {};
  }

  Answer<void> replaceWhole(const std::string& group) {
    if (Answer<void> done = callGroup(session_, "supervisor.stopProcessGroup", group); !done) return done;
    session_.out.line(group + ": stopped");
    if (Answer<void> done = callGroup(session_, "supervisor.removeProcessGroup", group); !done) return done;
    if (Answer<void> done = callGroup(session_, "supervisor.addProcessGroup", group); !done) return done;
    session_.out.line(group + ": updated process group");
    return {};
  }

  Session& session_;
  std::vector<std::string> wanted_;
  bool all_ = false;
  bool start_;
};

/// Fails if the server is Supervisor's, or an older one of ours.
Answer<void> haveUpdates(Session& session) {
  auto plans = configChanges(session, false);
  if (!plans) return core::Err{std::move(plans).error()};
  return {};
}

/// The words of `argument`, each once, in their order.
std::vector<std::string> distinctWords(const std::string& argument) {
  std::vector<std::string> words;
  for (std::string& word : core::splitBlanks(argument))
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(std::move(word));
  return words;
}

}  // namespace

Answer<void> runUpdate(Session& session, const std::string& argument) {
  std::vector<std::string> wanted = distinctWords(argument);
  const bool dryRun = std::erase(wanted, "--dry-run") > 0;
  const bool start = std::erase(wanted, "--no-start") == 0;
  Update update(session, std::move(wanted), start);
  if (dryRun || !start) {  // before anything is changed
    auto known = dryRun ? update.plan() : haveUpdates(session);
    if (!known && known.error().isFault(FaultCode::UnknownMethod)) {
      refuseOldServer(session, dryRun ? "--dry-run" : "--no-start");
      return {};
    }
    if (!known || dryRun) return known;
  }
  auto changes = reloadConfig(session);
  if (!changes) {
    if (!changes.error().isFault(FaultCode::ShutdownState)) return core::Err{std::move(changes).error()};
    session.refuse(shutdownLine("already shutting down", session.settings));
    return {};
  }
  Answer<void> done = update.run(*changes);
  if (done) showWarnings(session);
  return done;
}

}  // namespace ctl
