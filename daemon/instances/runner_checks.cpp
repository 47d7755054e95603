// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <signal.h>

#include <utility>

#include "daemon/instances/config_check.hpp"
#include "daemon/instances/failures.hpp"
#include "daemon/instances/runner.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace instances {

void Runner::runCheck(const layout::Plan* plan, CheckDone done) {
  commands_.remove_if([](const auto& one) { return one->finished(); });
  commands_.push_back(checkConfiguration(context_, entry_, persistent_.mark, plan, std::move(done)));
}

void Runner::check(CheckDone done) {
  deploy(layout::Mode::DryRun, [this, finish = std::move(done)](const layout::Report& report) {
    if (!report.errors.empty()) return finish({core::join(report.errors, "; "), {}});
    auto plan = makePlan();
    if (!plan) return finish({plan.error().text, {}});
    auto after = persistent_;
    const auto gone = after.replaceGenerated(*plan, entry_.refusedDeclared);
    plan->nodes.insert(plan->nodes.begin(), gone.begin(), gone.end());
    runCheck(&*plan, finish);
  });
}

/// Calls `act` with `done` when the configuration has been found good, `asItIs` or with its files put right first.
void Runner::whenGood(bool asItIs, Done done, std::function<void(Done)> act) {
  const auto waiting = std::make_shared<Done>(std::move(done));
  checked_.push_back(waiting);
  const auto judge = [this, waiting, go = std::move(act)](const CheckResult& result) {
    if (!*waiting) return;
    checked_.remove(waiting);
    const auto finish = std::exchange(*waiting, nullptr);
    if (!result.objection) return go(finish);
    log().warn("instance '{}' is left as it is: {}", entry_.name, *result.objection);
    finish(failure(ErrorCode::ConfigInvalid,
                   fmt::format("Instance '{}' is left as it is, its configuration would not start: {}", entry_.name,
                               *result.objection)));
  };
  if (asItIs)
    runCheck(nullptr, judge);
  else
    check(judge);
}

/// A stop goes before what waits for a check.
void Runner::giveUpChecks() {
  for (const auto& waiting : std::exchange(checked_, {}))
    if (const auto finish = std::exchange(*waiting, nullptr))
      finish(failure(ErrorCode::InstanceBusy, fmt::format("Instance '{}' was stopped meanwhile.", entry_.name)));
}

void Runner::startIfGood(Done done) {
  using Phase = Machine::Phase;
  const auto phase = machine_.phase();
  if (auto error = objectionToStart()) return done(core::Err{std::move(*error)});
  if (phase != Phase::Inactive && phase != Phase::Failed && phase != Phase::Waiting) return start(std::move(done));
  whenGood(false, std::move(done), [this](Done finish) { start(std::move(finish)); });
}

void Runner::restartIfGood(Done done) {
  if (auto error = objectionToStart()) return done(core::Err{std::move(*error)});
  whenGood(false, std::move(done), [this](Done finish) { restart(std::move(finish)); });
}

void Runner::reload(Done done) {
  if (auto error = unmanaged()) return done(core::Err{std::move(*error)});
  if (machine_.phase() != Machine::Phase::Running) return done(notRunning(entry_.name));
  whenGood(true, std::move(done), [this](const Done& finish) {
    if (machine_.phase() != Machine::Phase::Running || signalTo(pidfd_, SIGHUP) != 0)
      return finish(notRunning(entry_.name));
    finish({});
  });
}

}  // namespace instances
