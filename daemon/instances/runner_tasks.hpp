// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "daemon/instances/runner.hpp"
#include "lib/core/task.hpp"

/// The operations of a runner as tasks. A runner that is destroyed ends whoever awaits one with core::Dropped.
namespace instances::tasks {

/// Awaits an operation that takes a copyable function.
template <class T, class Begin>
core::Task<T> awaitDone(Begin begin) {
  co_return co_await core::completes<T>([&begin](core::Completion<T> done) {
    begin([shared = std::make_shared<core::Completion<T>>(std::move(done))](T value) { (*shared)(std::move(value)); });
  });
}

/// For work on one of many instances that nobody else has to hear of: its failure is logged, and ends no other's work.
core::Task<> guarded(std::string name, core::Task<> work);

inline core::Task<OperationResult> start(Runner& runner) {
  return awaitDone<OperationResult>([&runner](Done done) { runner.start(std::move(done)); });
}
inline core::Task<OperationResult> stop(Runner& runner) {
  return awaitDone<OperationResult>([&runner](Done done) { runner.stop(std::move(done)); });
}
inline core::Task<OperationResult> restart(Runner& runner) {
  return awaitDone<OperationResult>([&runner](Done done) { runner.restart(std::move(done)); });
}
inline core::Task<OperationResult> startIfGood(Runner& runner) {
  return awaitDone<OperationResult>([&runner](Done done) { runner.startIfGood(std::move(done)); });
}
inline core::Task<OperationResult> restartIfGood(Runner& runner) {
  return awaitDone<OperationResult>([&runner](Done done) { runner.restartIfGood(std::move(done)); });
}
inline core::Task<OperationResult> reload(Runner& runner) {
  return awaitDone<OperationResult>([&runner](Done done) { runner.reload(std::move(done)); });
}
inline core::Task<OperationResult> kill(Runner& runner, KillWhom whom, int signo) {
  return awaitDone<OperationResult>([&runner, whom, signo](Done done) { runner.kill(whom, signo, std::move(done)); });
}
inline core::Task<OperationResult> controlProgram(Runner& runner, std::string program, ProgramVerb verb) {
  return awaitDone<OperationResult>([&runner, program = std::move(program), verb](Done done) {
    runner.controlProgram(program, verb, std::move(done));
  });
}
inline core::Task<Answer<std::string>> programLog(Runner& runner, std::string program) {
  return awaitDone<Answer<std::string>>(
      [&runner, program = std::move(program)](TextDone done) { runner.programLog(program, std::move(done)); });
}
inline core::Task<OperationResult> stopForNow(Runner& runner) {
  return awaitDone<OperationResult>([&runner](Done done) { runner.stopForNow(std::move(done)); });
}
inline core::Task<OperationResult> stopForChange(Runner& runner, bool again) {
  return awaitDone<OperationResult>([&runner, again](Done done) { runner.stopForChange(again, std::move(done)); });
}
inline core::Task<OperationResult> updatePrograms(Runner& runner) {
  return awaitDone<OperationResult>([&runner](Done done) { runner.updatePrograms(std::move(done)); });
}
inline core::Task<CheckResult> check(Runner& runner) {
  return awaitDone<CheckResult>([&runner](CheckDone done) { runner.check(std::move(done)); });
}
inline core::Task<layout::Report> deploy(Runner& runner, layout::Mode mode) {
  return awaitDone<layout::Report>(
      [&runner, mode](layout::Deployment::Done done) { runner.deploy(mode, std::move(done)); });
}
inline core::Task<layout::Report> removeFiles(Runner& runner, bool purge) {
  return awaitDone<layout::Report>(
      [&runner, purge](layout::Deployment::Done done) { runner.removeFiles(purge, std::move(done)); });
}
inline core::Task<layout::Report> planRemoval(Runner& runner) {
  return awaitDone<layout::Report>([&runner](layout::Deployment::Done done) { runner.planRemoval(std::move(done)); });
}

}  // namespace instances::tasks
