// SPDX-License-Identifier: MIT
#include <memory>
#include <utility>

#include "daemon/instances/fleet.hpp"

/// The manager's operations as tasks.
namespace instances {
namespace {

/// Awaits an operation that takes a copyable function.
template <class T, class Begin>
core::Task<T> await(Begin begin) {
  co_return co_await core::completes<T>([&begin](core::Completion<T> done) {
    begin([shared = std::make_shared<core::Completion<T>>(std::move(done))](T value) { (*shared)(std::move(value)); });
  });
}

}  // namespace

core::Task<OperationResult> Fleet::start(std::string name) {
  return await<OperationResult>([this, name](Done done) { start(name, std::move(done)); });
}
core::Task<OperationResult> Fleet::stop(std::string name) {
  return await<OperationResult>([this, name](Done done) { stop(name, std::move(done)); });
}
core::Task<OperationResult> Fleet::restart(std::string name) {
  return await<OperationResult>([this, name](Done done) { restart(name, std::move(done)); });
}
core::Task<OperationResult> Fleet::forceRestart(std::string name) {
  return await<OperationResult>([this, name](Done done) { forceRestart(name, std::move(done)); });
}
core::Task<Answer<std::vector<std::string>>> Fleet::check(std::string name) {
  return await<Answer<std::vector<std::string>>>([this, name](WarningsDone done) { check(name, std::move(done)); });
}
core::Task<OperationResult> Fleet::reload(std::string name) {
  return await<OperationResult>([this, name](Done done) { reload(name, std::move(done)); });
}
core::Task<OperationResult> Fleet::kill(std::string name, KillWhom whom, int signo) {
  return await<OperationResult>([this, name, whom, signo](Done done) { kill(name, whom, signo, std::move(done)); });
}
core::Task<OperationResult> Fleet::controlProgram(std::string name, std::string program, ProgramVerb verb) {
  return await<OperationResult>(
      [this, name, program, verb](Done done) { controlProgram(name, program, verb, std::move(done)); });
}
core::Task<Answer<std::string>> Fleet::programLog(std::string name, std::string program) {
  return await<Answer<std::string>>(
      [this, name, program](TextDone done) { programLog(name, program, std::move(done)); });
}
core::Task<OperationResult> Fleet::create(std::string name, Properties properties) {
  return await<OperationResult>([this, name, properties](Done done) { create(name, properties, std::move(done)); });
}
core::Task<OperationResult> Fleet::setProperties(std::string name, Properties properties) {
  return await<OperationResult>(
      [this, name, properties](Done done) { setProperties(name, properties, std::move(done)); });
}
core::Task<OperationResult> Fleet::remove(std::string name, bool purge) {
  return await<OperationResult>([this, name, purge](Done done) { remove(name, purge, std::move(done)); });
}
core::Task<Answer<ReloadReport>> Fleet::reloadAll(bool dryRun) {
  return await<Answer<ReloadReport>>([this, dryRun](ReloadDone done) { reloadAll(dryRun, std::move(done)); });
}
core::Task<OperationResult> Fleet::reexecute() {
  return await<OperationResult>([this](Done done) { reexecute(std::move(done)); });
}

}  // namespace instances
