// SPDX-License-Identifier: MIT
#include "instance/web/actions.hpp"

#include <fmt/core.h>

#include <array>
#include <ctime>
#include <utility>

#include "instance/api/names.hpp"
#include "instance/process/table.hpp"
#include "instance/web/page.hpp"

namespace web {
namespace {

using Done = std::function<void(std::string)>;
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

xmlrpc::Array names(const std::string& name) { return {xmlrpc::Value{name}}; }

std::string unexpected(const xmlrpc::Fault& fault) {
  return fmt::format("unexpected rpc fault [{}] {}", fault.code, fault.text);
}

std::string startFailure(const xmlrpc::Fault& fault) {
  switch (static_cast<FaultCode>(fault.code)) {
    case FaultCode::NoFile: return "no such file";
    case FaultCode::NotExecutable: return "file not executable";
    case FaultCode::AlreadyStarted: return "already started";
    case FaultCode::SpawnError: return "spawn error";
    case FaultCode::AbnormalTermination: return "abnormal termination";
    default: return unexpected(fault);
  }
}

/// Calls one method, then says `good`, or what `bad` makes of the fault.
void callOnce(const Call& call, const std::string& method, xmlrpc::Array params, std::string good, Done done,
              std::function<std::string(const xmlrpc::Fault&)> bad = unexpected) {
  call(method, std::move(params),
       [good = std::move(good), done = std::move(done), bad = std::move(bad)](const xmlrpc::Fault* fault) {
         done(fault ? bad(*fault) : good);
       });
}

/// Stops, then starts, whatever the stop said: Supervisor's restart answers as if both went well.
void callTwice(const Call& call, const std::string& stop, const std::string& start, const xmlrpc::Array& params,
               std::string good, Done done) {
  call(stop, params,
       [=](const xmlrpc::Fault*) { call(start, params, [good, done](const xmlrpc::Fault*) { done(good); }); });
}

void performOnProcess(const Action& action, const process::Table& table, const Call& call, Done done) {
  const auto& name = action.process;
  if (!api::findProgram(table, name)) return done("No such process named " + name);
  const auto said = [&](const char* what) { return "Process " + name + " " + what; };
  if (action.verb == "start")
    return callOnce(call, "supervisor.startProcess", names(name), said("started"), std::move(done),
                    [name](const auto& fault) { return "ERROR: Process " + name + ": " + startFailure(fault); });
  if (action.verb == "stop")
    return callOnce(call, "supervisor.stopProcess", names(name), said("stopped"), std::move(done));
  if (action.verb == "clearlog")
    return callOnce(call, "supervisor.clearProcessLogs", names(name), "Log for " + name + " cleared", std::move(done));
  callTwice(call, "supervisor.stopProcess", "supervisor.startProcess", names(name), said("restarted"), std::move(done));
}

void performOnGroup(const Action& action, const process::Table& table, const Call& call, Done done) {
  const auto& name = action.group;
  if (!table.find(name)) return done("No such group named " + name);
  if (action.verb == "startgroup")
    return callOnce(call, "supervisor.startProcessGroup", names(name), "Group " + name + " started", std::move(done));
  if (action.verb == "stopgroup")
    return callOnce(call, "supervisor.stopProcessGroup", names(name), "Group " + name + " stopped", std::move(done));
  callTwice(call, "supervisor.stopProcessGroup", "supervisor.startProcessGroup", names(name),
            "Group " + name + " restarted", std::move(done));
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

void perform(const Action& action, const process::Table& table, const Call& call, Done done) {
  switch (find(action.verb)->target) {
    case Target::Process: return performOnProcess(action, table, call, std::move(done));
    case Target::Group: return performOnGroup(action, table, call, std::move(done));
    case Target::None: break;
  }
  if (action.verb == "refresh") return done("Page refreshed at " + now());
  const auto timed = [done](const char* what) { return [=](std::string) { done(what + (" at " + now())); }; };
  if (action.verb == "startall") return callOnce(call, "supervisor.startAllProcesses", {}, {}, timed("All started"));
  if (action.verb == "stopall") return callOnce(call, "supervisor.stopAllProcesses", {}, {}, timed("All stopped"));
  callTwice(call, "supervisor.stopAllProcesses", "supervisor.startAllProcesses", {}, {}, timed("All restarted"));
}

}  // namespace web
