// SPDX-License-Identifier: MIT
#include "instance/api/control.hpp"

#include <utility>

#include "instance/process/process.hpp"
#include "lib/dialect/values.hpp"

namespace api {
namespace {

/// As kLastMoments, for a start with startsecs=0, for the end or the first output of the program: clients read its log
/// immediately afterwards. Short, since every start of a program that keeps running is delayed by all of it.
constexpr core::Duration kFirstMoments = core::milliseconds(10);

}  // namespace

using lifecycle::ProcessState;
using process::CommandError;
using xmlrpc::FaultCode;

MethodResult outcomeOf(Waiters::WaitResult result) {
  if (!result) return core::Err{std::move(result).error()};
  return trueValue();
}

core::Completion<Waiters::WaitResult> asOutcome(core::Completion<MethodResult> done) {
  return [done = std::move(done)](Waiters::WaitResult result) mutable { done(outcomeOf(std::move(result))); };
}

void startProgram(Waiters& waiters, process::Process& program, const std::string& name, bool wait,
                  core::Completion<Waiters::WaitResult> done) {
  // A start that is sure to fail is reported without trying.
  if (const auto command = program.checkCommand(); !command) {
    const bool missing = command.error().kind == CommandError::Kind::NoFile;
    return done(fail(missing ? FaultCode::NoFile : FaultCode::NotExecutable, command.error().text));
  }
  if (lifecycle::isActive(program.state())) return done(fail(FaultCode::AlreadyStarted, name));
  if (program.state() == ProcessState::Unknown)
    return done(fail(FaultCode::Failed, name + " is in an unknown process state"));
  program.start();
  if (program.waits().start) {  // for others that it depends on
    if (!wait) return done({});
    if (const auto obstacle = program.obstacle()) return done(waitsInVain(name, *obstacle));
    return waiters.untilStarted(program, name, std::move(done));
  }
  if (program.state() == ProcessState::Stopping) {
    if (wait) return done(fail(FaultCode::AbnormalTermination, name));
    return done({});
  }
  if (!program.spawnError().empty()) return done(startFailed(name, program));
  program.due();  // with startsecs=0 it is RUNNING now, as in Supervisor's answer
  if (!wait) return done({});
  if (program.state() == ProcessState::Running) return waiters.untilStoppedOr(program, kFirstMoments, std::move(done));
  waiters.untilStarted(program, name, std::move(done));
}

bool isActive(const process::Process& program) noexcept {
  return lifecycle::isActive(program.state()) || program.awaitsStart() || program.waits().start;
}

Waiters::WaitResult waitsInVain(const std::string& name, const std::string& obstacle) {
  return fail(FaultCode::AbnormalTermination, name + ": waits for " + obstacle);
}

Waiters::WaitResult startFailed(const std::string& name, const process::Process& program) {
  const bool plain = !program.config().extension.given();
  return fail(FaultCode::SpawnError, plain ? name : name + ": " + program.spawnError());
}

void stopProgram(Waiters& waiters, process::Process& program, const std::string& name, bool wait,
                 core::Completion<Waiters::WaitResult> done, process::Along along) {
  if (!isActive(program)) return done(fail(FaultCode::NotRunning, name));
  if (const auto stopped = program.stop(along); !stopped) return done(fail(FaultCode::Failed, stopped.error().text));
  if (lifecycle::isStopped(program.state())) return done({});
  awaitStop(waiters, program, wait, std::move(done));
}

void awaitStop(Waiters& waiters, const process::Process& program, bool wait,
               core::Completion<Waiters::WaitResult> done) {
  if (wait) return waiters.untilStopped(program, std::move(done));
  waiters.untilStoppedOr(program, kLastMoments, std::move(done));
}

Waiters::WaitResult signalProgram(process::Process& program, const std::string& name, const std::string& signal) {
  const auto number = config::parseSignal(signal);
  if (!number) return fail(FaultCode::BadSignal, signal);
  if (!lifecycle::isSignallable(program.state())) return fail(FaultCode::NotRunning, name);
  if (const auto sent = program.signal(*number); !sent) return fail(FaultCode::Failed, sent.error().text);
  return {};
}

}  // namespace api
