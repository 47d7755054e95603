// SPDX-License-Identifier: MIT
#include "instance/api/resumed_calls.hpp"

#include <utility>

#include "instance/api/arguments.hpp"
#include "instance/api/control.hpp"
#include "instance/api/names.hpp"
#include "instance/process/process.hpp"
#include "instance/process/table.hpp"
#include "lib/xmlrpc/message.hpp"

namespace api {
namespace {

using lifecycle::ProcessState;
using xmlrpc::Array;
using xmlrpc::FaultCode;

using Resume = void (*)(Waiters& waiters, const process::Process& program, const Array& params,
                        core::Completion<MethodResult> done);

void resumeStart(Waiters& waiters, const process::Process& program, const Array& params,
                 core::Completion<MethodResult> done) {
  if (program.state() == ProcessState::Running) return done(trueValue());
  if (program.state() != ProcessState::Starting && !program.waits().start) return done(lostCall());
  // What it waits for may have failed in the last moment of the predecessor.
  if (const auto obstacle = program.obstacle())
    return done(core::Err{waitsInVain(*params[0].string(), *obstacle).error()});
  waiters.untilStarted(program, *params[0].string(), asOutcome(std::move(done)));
}

void resumeStop(Waiters& waiters, const process::Process& program, const Array& params,
                core::Completion<MethodResult> done) {
  if (lifecycle::isStopped(program.state())) return done(trueValue());
  if (program.state() != ProcessState::Stopping && program.waits().stop == process::Along::Nobody)
    return done(lostCall());
  if (waits(params, 1)) return waiters.untilStopped(program, asOutcome(std::move(done)));
  waiters.untilStoppedOr(program, kLastMoments, asOutcome(std::move(done)));
}

/// A handler for calls whose first parameter names one program. A group has several outcomes, some of which are lost.
Handler onProgram(const process::Table& programs, Waiters& waiters, Resume resume) {
  return [&programs, &waiters, resume](const Array& params, core::Completion<MethodResult> done) {
    const auto name = textArgument(params[0], "name");
    if (!name) return done(core::Err{name.error()});
    const auto target = findTarget(programs, *name);
    if (!target || target->program == nullptr) return done(lostCall());
    resume(waiters, *target->program, params, std::move(done));
  };
}

MethodResult outcomeOfUpgrade(const std::optional<std::string>& refused) {
  if (refused) return fail(FaultCode::Failed, *refused);
  return trueValue();
}

}  // namespace

MethodResult lostCall() {
  return fail(FaultCode::Failed, "supervisord was upgraded during this call: what it began continues");
}

Answer lostAnswer() { return {200, xmlrpc::composeFault(lostCall().error())}; }

MethodTable lostCalls(const MethodTable& methods) {
  MethodTable lost;
  for (const auto& [name, method] : methods.methods()) {
    Method copy = method;
    copy.call = immediately([](const Array&) { return lostCall(); });
    lost.add(std::move(copy));
  }
  return lost;
}

void addResumedCalls(MethodTable& table, const std::string& prefix, const process::Table& programs, Waiters& waiters,
                     const std::optional<std::string>& refused) {
  table.add(
      {prefix + "startProcess", {"boolean", "string", "boolean"}, 1, "", onProgram(programs, waiters, resumeStart)});
  table.add(
      {prefix + "stopProcess", {"boolean", "string", "boolean"}, 1, "", onProgram(programs, waiters, resumeStop)});
  // Its parameters were read by the program that began it.
  table.add({prefix + "upgrade", {"boolean", "boolean", "boolean"}, 0, "", immediately([refused](const Array&) {
               return outcomeOfUpgrade(refused);
             })});
}

}  // namespace api
