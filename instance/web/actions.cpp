// SPDX-License-Identifier: MIT
#include "instance/web/actions.hpp"

#include <fmt/core.h>

#include <array>
#include <ctime>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "instance/api/method_table.hpp"
#include "instance/api/names.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "instance/web/page.hpp"
#include "lib/core/clock.hpp"
#include "lib/xmlrpc/fault_reason.hpp"

namespace web {
namespace {

using Message = core::Expected<std::string>;
using xmlrpc::FaultCode;

enum class Target { None, Process, Group };

struct Verb {
  std::string_view name;
  Target target;
  std::string_view question;
};

constexpr std::array kVerbs{
    Verb{"refresh", Target::None, "Refresh the page"},
    Verb{"startall", Target::None, "Start all programs"},
    Verb{"stopall", Target::None, "Stop all programs"},
    Verb{"restartall", Target::None, "Restart all programs"},
    Verb{"start", Target::Process, "Start"},
    Verb{"stop", Target::Process, "Stop"},
    Verb{"restart", Target::Process, "Restart"},
    Verb{"clearlog", Target::Process, "Clear the log of"},
    Verb{"startgroup", Target::Group, "Start the group"},
    Verb{"stopgroup", Target::Group, "Stop the group"},
    Verb{"restartgroup", Target::Group, "Restart the group"},
};

const Verb* find(std::string_view name) {
  for (const auto& verb : kVerbs)
    if (verb.name == name) return &verb;
  return nullptr;
}

/// As Python's time.ctime().
std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char text[64];
  text[std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &local)] = '\0';
  return text;
}

/// Makes the message when everything has ended: it may have the time in it.
using Text = std::function<std::string()>;
using FaultText = std::function<std::string(const xmlrpc::Fault& fault)>;

Text fixed(std::string text) {
  return [text = std::move(text)] { return text; };
}

Text timed(const char* what) {
  return [what] { return what + (" at " + now()); };
}

xmlrpc::Array names(const std::string& name) { return {xmlrpc::Value{name}}; }

std::string unexpected(const xmlrpc::Fault& fault) {
  return fmt::format("unexpected rpc fault [{}] {}", fault.code, fault.text);
}

std::string startFailure(const xmlrpc::Fault& fault) {
  switch (static_cast<FaultCode>(fault.code)) {
    case FaultCode::NoFile: return "no such file";
    case FaultCode::NotExecutable: return "file not executable";
    case FaultCode::AlreadyStarted: return "already started";
    case FaultCode::SpawnError: {
      const auto reason = xmlrpc::reasonIn(fault.text);
      return "spawn error" + (reason.empty() ? "" : ": " + std::string(reason));
    }
    case FaultCode::AbnormalTermination: return "abnormal termination";
    default: return unexpected(fault);
  }
}

/// The programs that run now, or will soon: those that a restart stops.
using Names = std::vector<std::string>;

Names runningIn(const process::Group& group) {
  Names running;
  for (const auto& program : group.processes())
    if (lifecycle::isActive(program->state())) running.push_back(program->fullName());
  return running;
}

/// "; not started again: web (outside of its run_window), job (disabled)": of the programs that ran before a restart of
/// a group or of all, those that its start has left out. Empty: none.
std::string leftOut(const process::Table& table, const Names& ranBefore) {
  std::string text;
  for (const auto& name : ranBefore) {
    const auto found = api::findProgram(table, name);
    const auto* const program = found ? *found : nullptr;
    if (!program || program->state() != lifecycle::ProcessState::Stopped) continue;
    const bool outside = program->startIsForbidden();
    const bool waits = program->isAwaitedByAttendant() || program->nextStart(core::Clock::now()) != 0;
    if (!program->disabled() && !outside && !waits) continue;
    text += (text.empty() ? "; not started again: " : ", ") + name +
            (program->disabled() ? " (disabled)"
             : outside           ? " (outside of its run_window)"
                                 : "");
  }
  return text;
}

/// `good`, and what a restart has left out.
Text withLeftOut(Text good, const process::Table& table, Names ranBefore) {
  return
      [good = std::move(good), &table, ranBefore = std::move(ranBefore)] { return good() + leftOut(table, ranBefore); };
}

/// Calls one method; the message is `good`, or what `bad` makes of the fault.
void callOnce(const api::MethodTable& methods, const char* method, const xmlrpc::Array& params, Text good,
              core::Completion<Message> done, FaultText bad = unexpected) {
  core::Completion<api::MethodResult> ended(
      [good = std::move(good), bad = std::move(bad), done = std::move(done)](const api::MethodResult& outcome) mutable {
        done(outcome ? good() : bad(outcome.error()));
      });
  methods.call(method, params, ended);
}

/// Starts when the stop has ended, with or without success: Supervisor's restart answers as if both had succeeded. A
/// stop that nobody completes starts nothing.
class Restart final : public core::Receiver<api::MethodResult> {
 public:
  Restart(const api::MethodTable& methods, const char* start, xmlrpc::Array params, Text good,
          core::Completion<Message> done)
      : methods_(methods), start_(start), params_(std::move(params)), good_(std::move(good)), done_(std::move(done)) {}
  void complete(api::MethodResult /*stopped*/) override {
    const auto whatever = [good = good_](const xmlrpc::Fault&) { return good(); };
    callOnce(methods_, start_, params_, good_, std::move(done_), whatever);
  }
  void drop() noexcept override {}

 private:
  const api::MethodTable& methods_;
  const char* start_;
  xmlrpc::Array params_;
  Text good_;
  core::Completion<Message> done_;
};

void callTwice(const api::MethodTable& methods, const char* stop, const char* start, const xmlrpc::Array& params,
               Text good, core::Completion<Message> done) {
  core::Completion<api::MethodResult> stopped(
      std::make_unique<Restart>(methods, start, params, std::move(good), std::move(done)));
  methods.call(stop, params, stopped);
}

void performOnProcess(const Action& action, const process::Table& table, const api::MethodTable& methods,
                      core::Completion<Message> done) {
  const auto& name = action.process;
  if (!api::findProgram(table, name)) return done("No such process named " + name);
  const auto about = [&](const char* what) { return fixed("Process " + name + " " + what); };
  if (action.verb == "start")
    return callOnce(
        methods, "supervisor.startProcess", names(name), about("started"), std::move(done),
        [name](const xmlrpc::Fault& fault) { return "ERROR: Process " + name + ": " + startFailure(fault); });
  if (action.verb == "stop")
    return callOnce(methods, "supervisor.stopProcess", names(name), about("stopped"), std::move(done));
  if (action.verb == "clearlog")
    return callOnce(methods, "supervisor.clearProcessLogs", names(name), fixed("Log for " + name + " cleared"),
                    std::move(done));
  callTwice(methods, "supervisor.stopProcess", "supervisor.startProcess", names(name), about("restarted"),
            std::move(done));
}

void performOnGroup(const Action& action, const process::Table& table, const api::MethodTable& methods,
                    core::Completion<Message> done) {
  const auto& name = action.group;
  const auto* const group = table.find(name);
  if (!group) return done("No such group named " + name);
  if (action.verb == "startgroup")
    return callOnce(methods, "supervisor.startProcessGroup", names(name), fixed("Group " + name + " started"),
                    std::move(done));
  if (action.verb == "stopgroup")
    return callOnce(methods, "supervisor.stopProcessGroup", names(name), fixed("Group " + name + " stopped"),
                    std::move(done));
  callTwice(methods, "supervisor.stopProcessGroup", "supervisor.startProcessGroup", names(name),
            withLeftOut(fixed("Group " + name + " restarted"), table, runningIn(*group)), std::move(done));
}

}  // namespace

bool known(const Action& action) {
  const auto* verb = find(action.verb);
  if (!verb) return false;
  return verb->target == Target::None || !(verb->target == Target::Process ? action.process : action.group).empty();
}

std::string question(const Action& action) {
  const auto* verb = find(action.verb);
  std::string text(verb ? verb->question : "");
  if (verb && verb->target == Target::Process) text += " " + action.process;
  if (verb && verb->target == Target::Group) text += " " + action.group;
  return text + "?";
}

bool asksFirst(const Action& action) {
  return action.verb == "stopall" || action.verb == "restartall" || action.verb == "clearlog";
}

std::string address(const Action& action) {
  std::string query;
  if (!action.process.empty()) query += "processname=" + quote(action.process) + "&";
  if (!action.group.empty()) query += "groupname=" + quote(action.group) + "&";
  return "index.html?" + query + "action=" + quote(action.verb);
}

void perform(const Action& action, const process::Table& table, const api::MethodTable& methods,
             core::Completion<Message> done) {
  switch (find(action.verb)->target) {
    case Target::Process: return performOnProcess(action, table, methods, std::move(done));
    case Target::Group: return performOnGroup(action, table, methods, std::move(done));
    case Target::None: break;
  }
  if (action.verb == "refresh") return done("Page refreshed at " + now());
  if (action.verb == "startall")
    return callOnce(methods, "supervisor.startAllProcesses", {}, timed("All started"), std::move(done));
  if (action.verb == "stopall")
    return callOnce(methods, "supervisor.stopAllProcesses", {}, timed("All stopped"), std::move(done));
  Names running;
  for (const auto& group : table.groups())
    for (auto& name : runningIn(*group)) running.push_back(std::move(name));
  callTwice(methods, "supervisor.stopAllProcesses", "supervisor.startAllProcesses", {},
            withLeftOut(timed("All restarted"), table, std::move(running)), std::move(done));
}

}  // namespace web
