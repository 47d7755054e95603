// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <signal.h>

#include <string>
#include <utility>

#include "daemon/instances/failures.hpp"
#include "daemon/instances/runner.hpp"
#include "lib/core/log.hpp"

/// What people ask for is checked first: an instance that runs is not stopped for a start that must fail.
namespace instances {

/// Why the result of a check forbids what waits for it; nothing: it may be done.
core::Task<std::optional<ManagerError>> Runner::objectionOf(core::Task<CheckResult> check) {
  const auto id = ++lastCheck_;
  const auto checked = co_await core::completes<Checked>([&](core::Completion<Checked> done) {
    checks_.emplace(id, std::move(done));
    tasks_.run(report(std::move(check), id));
  });
  if (!checked)
    co_return ManagerError{ErrorCode::InstanceBusy, fmt::format("Instance '{}' was stopped meanwhile.", entry_.name)};
  files_ = checked->filesInPlace ? Files::InPlace : Files::Unknown;
  if (!checked->objection) co_return std::nullopt;
  log().warn("instance '{}' is left as it is: {}", entry_.name, *checked->objection);
  co_return ManagerError{ErrorCode::ConfigInvalid,
                         fmt::format("Instance '{}' is left as it is, its configuration would not start: {}",
                                     entry_.name, *checked->objection)};
}

core::Task<> Runner::report(core::Task<CheckResult> check, std::uint64_t id) {
  Checked result = co_await check;
  if (auto waiting = checks_.extract(id)) waiting.mapped()(std::move(result));
}

/// A stop goes before what waits for a check.
void Runner::giveUpChecks() {
  for (auto& [id, done] : std::exchange(checks_, {})) done(std::nullopt);
}

core::Task<OperationResult> Runner::startChecked() {
  using Phase = Machine::Phase;
  if (auto error = objectionToStart()) co_return core::Err{std::move(*error)};
  const auto phase = machine_.phase();
  auto files = Files::Unknown;
  if (phase == Phase::Inactive || phase == Phase::Failed || phase == Phase::Waiting) {
    if (auto objection = co_await objectionOf(checkFiles())) co_return core::Err{std::move(*objection)};
    files = std::exchange(files_, Files::Unknown);
  }
  co_return co_await startNow(files);
}

core::Task<OperationResult> Runner::restartChecked() {
  if (auto error = objectionToStart()) co_return core::Err{std::move(*error)};
  if (auto objection = co_await objectionOf(checkFiles())) co_return core::Err{std::move(*objection)};
  co_return co_await restartNow();
}

core::Task<OperationResult> Runner::reloadChecked() {
  if (auto error = unmanaged()) co_return core::Err{std::move(*error)};
  if (machine_.phase() != Machine::Phase::Running) co_return notRunning(entry_.name);
  if (auto objection = co_await objectionOf(checkAsItIs())) co_return core::Err{std::move(*objection)};
  if (machine_.phase() != Machine::Phase::Running || signalTo(pidfd_, SIGHUP) != 0) co_return notRunning(entry_.name);
  co_return OperationResult();
}

}  // namespace instances
