// SPDX-License-Identifier: MIT
#include "instance/api/arguments.hpp"
#include "instance/api/control.hpp"
#include "instance/api/group_control.hpp"
#include "instance/api/instance.hpp"
#include "instance/api/names.hpp"
#include "instance/api/supervisor_methods.hpp"
#include "instance/process/group.hpp"
#include "instance/process/table.hpp"

namespace api {
namespace {

using xmlrpc::Array;
using xmlrpc::FaultCode;

/// A program's verdict as the outcome of a call: true, or the fault.
Waiters::Told asOutcome(Completion done) {
  return [done = std::move(done)](Waiters::WaitResult verdict) {
    done(verdict ? trueValue() : MethodResult(core::Err{std::move(verdict).error()}));
  };
}

/// Finds what the first parameter names; tells the fault itself if there is no such thing.
Target named(const Instance& instance, const Array& params, const Completion& done) {
  const auto name = textArgument(params[0], "name");
  if (!name) {
    done(core::Err{name.error()});
    return {};
  }
  const auto target = findTarget(instance.table, *name);
  if (!target) {
    done(core::Err{target.error()});
    return {};
  }
  return *target;
}

void startProcess(const Instance& instance, Waiters& waiters, const Array& params, const Completion& done) {
  const Target target = named(instance, params, done);
  if (target.group == nullptr) return;
  const bool wait = waits(params, 1);
  if (target.program == nullptr) return startAll(waiters, target.group->byPriority(), wait, done);
  startProgram(waiters, *target.program, *params[0].string(), wait, asOutcome(done));
}

void stopProcess(const Instance& instance, Waiters& waiters, const Array& params, const Completion& done) {
  const Target target = named(instance, params, done);
  if (target.group == nullptr) return;
  const bool wait = waits(params, 1);
  if (target.program == nullptr) return stopAll(waiters, target.group->byPriority(), wait, done);
  stopProgram(waiters, *target.program, *params[0].string(), wait, asOutcome(done));
}

void signalProcess(const Instance& instance, const Array& params, const Completion& done) {
  const Target target = named(instance, params, done);
  if (target.group == nullptr) return;
  const std::string signal = scalarText(params[1]);
  if (target.program == nullptr) return signalAll(target.group->byPriority(), signal, done);
  asOutcome(done)(signalProgram(*target.program, *params[0].string(), signal));
}

MethodResult restart(Instance& instance) {
  if (const auto ready = instance.prepareRestart(); !ready) return fail(FaultCode::CantReread, ready.error().text);
  instance.table.leave(process::SupervisorState::Restarting);
  return trueValue();
}

}  // namespace

void addControlMethods(Instance& instance, Waiters& waiters, SupervisorNamespace& names) {
  names.add("startProcess", {"boolean", "string", "boolean"}, 1,
            "Starts a process.\n\n@param string name  The process ('name', 'group:name', or 'group:*' for a group).\n"
            "@param boolean wait  Answer only when it has stayed up for its startsecs (the default).\n"
            "@return boolean result  True; for a group an array of results.",
            [&](const Array& params, const Completion& done) { startProcess(instance, waiters, params, done); });
  names.add("stopProcess", {"boolean", "string", "boolean"}, 1,
            "Stops a process.\n\n@param string name  The process ('name', 'group:name', or 'group:*' for a group).\n"
            "@param boolean wait  Answer only when it has ended (the default), else after 50 ms at most.\n"
            "@return boolean result  True; for a group an array of results.",
            [&](const Array& params, const Completion& done) { stopProcess(instance, waiters, params, done); });
  names.add("signalProcess", {"boolean", "string", "string"}, 2,
            "Sends a signal to a process.\n\n@param string name  The process ('name', 'group:name', or 'group:*').\n"
            "@param string signal  Its name, with or without SIG, or its number.\n@return boolean result  True.",
            [&](const Array& params, const Completion& done) { signalProcess(instance, params, done); });
  names.add("shutdown", {"boolean"}, 0,
            "Stops every process and ends supervisord.\n\n@return boolean result  True, before anything stops.",
            immediately([&](const Array&) {
              instance.table.leave(process::SupervisorState::Shutdown);
              return trueValue();
            }));
  names.add("restart", {"boolean"}, 0,
            "Stops every process, reads the configuration and begins anew. With a configuration that is wrong, or\n"
            "a server that cannot listen, nothing happens but fault CANT_REREAD.\n\n"
            "@return boolean result  True, before anything stops.",
            immediately([&](const Array&) { return restart(instance); }));
}

}  // namespace api
