// SPDX-License-Identifier: MIT
#include <utility>

#include "instance/api/arguments.hpp"
#include "instance/api/control.hpp"
#include "instance/api/group_call.hpp"
#include "instance/api/group_control.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/names.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/process/group.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"

namespace api {
namespace {

using xmlrpc::Array;
using xmlrpc::FaultCode;

/// What the first parameter names.
core::Result<Target, xmlrpc::Fault> named(const Instance& instance, const Array& params) {
  const auto name = textArgument(params[0], "name");
  if (!name) return core::Err{name.error()};
  return findTarget(instance.table, *name);
}

void startProcess(const Instance& instance, Waiters& waiters, const Array& params,
                  core::Completion<MethodResult> done) {
  const auto target = named(instance, params);
  if (!target) return done(core::Err{target.error()});
  const bool wait = waits(params, 1);
  if (target->program == nullptr) return startAll(waiters, target->group->byPriority(), wait, std::move(done));
  startProgram(waiters, *target->program, *params[0].string(), wait, asOutcome(std::move(done)));
}

void stopProcess(const Instance& instance, Waiters& waiters, const Array& params, core::Completion<MethodResult> done) {
  const auto target = named(instance, params);
  if (!target) return done(core::Err{target.error()});
  const bool wait = waits(params, 1);
  if (target->program == nullptr) return stopAll(waiters, target->group->byPriority(), wait, std::move(done));
  stopProgram(waiters, *target->program, *params[0].string(), wait, asOutcome(std::move(done)));
}

/// Which dependent programs the second parameter of stopProcesses takes along.
core::Result<process::Along, xmlrpc::Fault> alongOf(const xmlrpc::Value& value) {
  const auto word = scalarText(value);
  if (word == "all") return process::Along::All;
  if (word == "restarting") return process::Along::Restarting;
  if (word == "none") return process::Along::Nobody;
  return fail(FaultCode::IncorrectParameters, "dependents must be all, restarting or none, and not " + word);
}

void stopProcesses(const Instance& instance, Waiters& waiters, const Array& params,
                   core::Completion<MethodResult> done) {
  const auto target = named(instance, params);
  if (!target) return done(core::Err{target.error()});
  const auto along = alongOf(params[1]);
  if (!along) return done(core::Err{along.error()});
  const bool wait = waits(params, 2);
  if (target->program == nullptr) return stopAll(waiters, target->group->byPriority(), wait, std::move(done), *along);
  stopThese(waiters, {target->program}, wait, std::move(done), *along);
}

void signalProcess(const Instance& instance, const Array& params, core::Completion<MethodResult> done) {
  const auto target = named(instance, params);
  if (!target) return done(core::Err{target.error()});
  const std::string signal = scalarText(params[1]);
  if (target->program == nullptr) return signalAll(target->group->byPriority(), signal, std::move(done));
  done(outcomeOf(signalProgram(*target->program, *params[0].string(), signal)));
}

void reloadProgram(process::Process& program, const std::string& name, core::Completion<Waiters::WaitResult> done) {
  if (program.state() != lifecycle::ProcessState::Running) return done(fail(FaultCode::NotRunning, name));
  program.reload([done = std::move(done)](const core::Status& outcome) mutable {
    if (outcome) return done({});
    done(fail(FaultCode::Failed, outcome.error().text));
  });
}

void reloadProcess(const Instance& instance, const Array& params, core::Completion<MethodResult> done) {
  const auto target = named(instance, params);
  if (!target) return done(core::Err{target.error()});
  if (target->program != nullptr)
    return reloadProgram(*target->program, *params[0].string(), asOutcome(std::move(done)));
  forEachProgram(
      target->group->byPriority(),
      [](process::Process& program, core::Completion<Waiters::WaitResult> ended) {
        reloadProgram(program, program.fullName(), std::move(ended));
      },
      std::move(done));
}

void upgrade(const Instance& instance, const Array& params, core::Completion<MethodResult> done) {
  instance.upgrade(waits(params, 0), [done = std::move(done)](const core::Status& outcome) mutable {
    if (outcome) return done(trueValue());
    done(fail(FaultCode::Failed, outcome.error().text));
  });
}

MethodResult restart(Instance& instance) {
  // First: Supervisor stops everything, and then cannot start again because of an error in its configuration.
  if (const auto ready = instance.prepareRestart(); !ready) return fail(FaultCode::CantReread, ready.error().text);
  instance.table.leave(process::SupervisorState::Restarting);
  return trueValue();
}

}  // namespace

void addControlMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names) {
  names.add("startProcess", {"boolean", "string", "boolean"}, 1,
            "Starts a process.\n\n@param string name  The process ('name', 'group:name', or 'group:*' for a group).\n"
            "@param boolean wait  Answer when it has been up for its startsecs (the default).\n"
            "@return boolean result  True; for a group an array of results.",
            [&](const Array& params, core::Completion<MethodResult> done) {
              startProcess(instance, waiters, params, std::move(done));
            });
  names.add(
      "stopProcess", {"boolean", "string", "boolean"}, 1,
      "Stops a process, and before it those that depend on it (depends_on). stopProcesses can leave these alone,\n"
      "as \"supervisorctl stop --force\" does.\n\n"
      "@param string name  The process ('name', 'group:name', or 'group:*' for a group).\n"
      "@param boolean wait  Answer when it has ended (the default), else after 50 ms at most.\n"
      "@return boolean result  True; for a group an array of results.",
      [&](const Array& params, core::Completion<MethodResult> done) {
        stopProcess(instance, waiters, params, std::move(done));
      });
  names.add("stopProcesses", {"array", "string", "string", "boolean"}, 2,
            "Stops a process or a group, and the processes that depend on it (depends_on) before it. Those start\n"
            "again when it does. Supervisor does not have this method.\n\n"
            "@param string name  The process ('name', 'group:name', or 'group:*' for a group).\n"
            "@param string dependents  all, none, or restarting: those with restart_with_dependencies.\n"
            "@param boolean wait  Answer when each has ended (the default), else after 50 ms at most.\n"
            "@return array result  A struct of name, group, status and description for each.",
            [&](const Array& params, core::Completion<MethodResult> done) {
              stopProcesses(instance, waiters, params, std::move(done));
            });
  names.unlist("stopProcesses");
  names.add("signalProcess", {"boolean", "string", "string"}, 2,
            "Sends a signal to a process.\n\n@param string name  The process ('name', 'group:name', or 'group:*').\n"
            "@param string signal  Its name, with or without SIG, or its number.\n@return boolean result  True.",
            [&](const Array& params, core::Completion<MethodResult> done) {
              signalProcess(instance, params, std::move(done));
            });
  names.add(
      "reloadProcess", {"boolean", "string"}, 1,
      "Asks a process to read its own configuration again: by its reload_signal, or by its reload_command, whose\n"
      "end is awaited. Supervisor does not have this method.\n\n"
      "@param string name  The process ('name', 'group:name', or 'group:*' for a group).\n"
      "@return boolean result  True; for a group an array of results.",
      [&](const Array& params, core::Completion<MethodResult> done) {
        reloadProcess(instance, params, std::move(done));
      });
  names.unlist("reloadProcess");
  names.add("shutdown", {"boolean"}, 0,
            "Stops every process and then supervisord.\n\n@return boolean result  True, before anything stops.",
            immediately([&](const Array&) {
              instance.table.leave(process::SupervisorState::Shutdown);
              return trueValue();
            }));
  names.add("restart", {"boolean"}, 0,
            "Stops every process, reads the configuration and starts again. If the configuration has an error or a\n"
            "server cannot listen, nothing is stopped, and the fault is CANT_REREAD.\n\n"
            "@return boolean result  True, before anything stops.",
            immediately([&](const Array&) { return restart(instance); }));
  names.add(
      "upgrade", {"boolean", "boolean"}, 0,
      "Replaces the program of supervisord by the installed one, in the same process: no program of supervisord\n"
      "stops. The configuration is not read again. If the new program refuses, the old one continues,\n"
      "and the fault is FAILED with the reason. Supervisor does not have this method.\n\n"
      "@param boolean wait  Answer when the new program serves (the default), else when it has tested itself.\n"
      "@return boolean result  True.",
      [&](const Array& params, core::Completion<MethodResult> done) { upgrade(instance, params, std::move(done)); });
  names.unlist("upgrade");
}

}  // namespace api
