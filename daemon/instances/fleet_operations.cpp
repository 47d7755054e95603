// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <tuple>
#include <utility>

#include "daemon/instances/boot.hpp"
#include "daemon/instances/entry_editor.hpp"
#include "daemon/instances/failures.hpp"
#include "daemon/instances/fleet.hpp"
#include "daemon/instances/guarded.hpp"
#include "daemon/instances/reload.hpp"
#include "daemon/instances/shutdown.hpp"

/// What callers ask of the fleet. A runner is looked up when the operation begins, since it may be gone after a wait.
namespace instances {

Answer<Runner*> Fleet::known(const std::string& name) const {
  if (ending_) return core::Err{managerEnds()};
  if (auto* const runner = find(name)) return runner;
  return core::Err{ManagerError{ErrorCode::NoSuchInstance, fmt::format("There is no instance '{}'.", name)}};
}

Answer<Runner*> Fleet::usable(const std::string& name) const {
  auto runner = known(name);
  if (!runner || staying(name)) return runner;
  return core::Err{ManagerError{ErrorCode::InstanceBusy, fmt::format("Instance '{}' is being removed.", name)}};
}

core::Task<OperationResult> Fleet::start(std::string name) {
  const auto runner = usable(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->startIfGood();
}

core::Task<OperationResult> Fleet::stop(std::string name) {
  const auto runner = known(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->stop();
}

core::Task<OperationResult> Fleet::restart(std::string name) {
  const auto runner = usable(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->restartIfGood();
}

core::Task<OperationResult> Fleet::forceRestart(std::string name) {
  const auto runner = usable(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->restart();
}

core::Task<Answer<std::vector<std::string>>> Fleet::check(std::string name) {
  const auto runner = usable(name);
  if (!runner) co_return core::Err{runner.error()};
  if (!(*runner)->entry().managed) co_return std::vector<std::string>();
  auto result = co_await (*runner)->check();
  if (!result.objection) co_return std::move(result.warnings);
  co_return core::Err{ManagerError{ErrorCode::ConfigInvalid,
                                   fmt::format("Instance '{}' would not start: {}", name, *result.objection)}};
}

core::Task<OperationResult> Fleet::reload(std::string name) {
  const auto runner = known(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->reload();
}

core::Task<OperationResult> Fleet::upgrade(std::string name) {
  const auto runner = usable(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->upgrade();
}

core::Task<OperationResult> Fleet::kill(std::string name, KillWhom whom, int signo) {
  const auto runner = known(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->kill(whom, signo);
}

core::Task<OperationResult> Fleet::controlProgram(std::string name, std::string program, ProgramVerb verb) {
  const auto runner = known(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->controlProgram(std::move(program), verb);
}

core::Task<Answer<std::string>> Fleet::programLog(std::string name, std::string program) {
  const auto runner = known(name);
  if (!runner) co_return core::Err{runner.error()};
  co_return co_await (*runner)->programLog(std::move(program));
}

Answer<bool> Fleet::setEnabled(const std::string& name, bool enabled) {
  auto* const runner = find(name);
  if (!runner)
    return core::Err{ManagerError{ErrorCode::NoSuchInstance, fmt::format("There is no instance '{}'.", name)}};
  auto& memory = runner->memory();
  if (memory.isEnabled(runner->entry().enabled) == enabled) return false;
  const auto before = std::pair(memory.enabled, memory.enabledBase);
  memory.enabled = enabled;
  memory.enabledBase = runner->entry().enabled;
  if (const auto saved = memory.save(); !saved) {
    std::tie(memory.enabled, memory.enabledBase) = before;  // what is not written does not count
    return core::Err{ManagerError{ErrorCode::OperationFailed, saved.error().text}};
  }
  changed(*runner);
  return true;
}

core::Task<OperationResult> Fleet::create(std::string name, Properties properties) {
  return editor_->create(std::move(name), std::move(properties));
}
core::Task<OperationResult> Fleet::setProperties(std::string name, Properties properties) {
  return editor_->setProperties(std::move(name), std::move(properties));
}
core::Task<OperationResult> Fleet::remove(std::string name, bool purge) {
  return editor_->remove(std::move(name), purge);
}

core::Task<Answer<ReloadReport>> Fleet::reloadAll(bool dryRun) {
  Reload reload(*this);
  co_return co_await reload.run(dryRun);
}

core::Task<OperationResult> Fleet::reexecute() {
  if (ending_) co_return core::Err{managerEnds()};
  if (!reexecution_) co_return core::Err{ManagerError{ErrorCode::NotSupported, "This manager cannot replace itself."}};
  reexecution_();
  co_return OperationResult();
}

core::Task<> Fleet::lookForInstances() { return instances::lookForInstances(*this); }

void Fleet::begin() { background_.run(boot()); }

core::Task<> Fleet::boot() {
  Boot boot(*this);
  auto loaded = std::exchange(first_, entries::Loaded());
  co_await boot.run(std::move(loaded));
}

void Fleet::takeOver() {
  for (const auto& [name, runner] : runners_) (void)runner->adopt();
  context_.seen.clear();
}

core::Task<> Fleet::stopAll() {
  ending_ = context_.ending = true;
  return shutDown(*this);
}

}  // namespace instances
