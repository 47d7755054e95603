// SPDX-License-Identifier: MIT
#include "daemon/instances/entry_applier.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "daemon/instances/fleet.hpp"
#include "daemon/instances/guarded.hpp"

namespace instances {
namespace {

void append(layout::Report& to, const layout::Report& more) {
  to.changes.insert(to.changes.end(), more.changes.begin(), more.changes.end());
  to.errors.insert(to.errors.end(), more.errors.begin(), more.errors.end());
}

void record(Runner& runner, std::string deployed, Change& change) {
  runner.memory().deployed = std::move(deployed);
  const auto saved = runner.saveMemory();
  if (saved) return;
  Failure failure{Failure::Cause::NotRecorded,
                  fmt::format("not recorded: {} (tried again until it works)", saved.error().text)};
  auto& all = change.failures;
  if (std::find(all.begin(), all.end(), failure) == all.end()) all.push_back(std::move(failure));
}

}  // namespace

std::string EntryApplier::recordDeployed(Runner& runner, Change& change) {
  auto before = runner.memory().deployed;
  record(runner, fingerprintOf(runner.entry()).text(), change);
  return before;
}

core::Task<Change> EntryApplier::apply(entries::Entry entry) {
  Change change{entry.name};
  try {
    co_await applyTo(std::move(entry), change);
  } catch (const core::Dropped&) {  // the instance is gone
  }
  co_return change;
}

core::Task<> EntryApplier::applyTo(entries::Entry entry, Change& change) {
  const auto name = entry.name;
  auto turn = co_await fleet_.turns().enter(name);
  if (!turn) co_return;
  auto* runner = fleet_.find(name);
  const auto decision = decide(Fleet::see(runner), &entry);
  const auto stops = runner ? runner->stops() : 0;
  change.deed = decision.deed;
  change.keys = decision.keys;
  if (decision.checks) {
    // The entry is not the runner's yet, so a runner of its own tries it.
    turn->setChecking(true);
    const Fleet::Trial trial(fleet_, entry);
    const auto result = co_await (*trial).check();
    turn->setChecking(false);
    if (turn->over()) {
      change.failures.push_back({Failure::Cause::Superseded, {}});
      co_return;
    }
    if (result.objection) {
      change.failures.push_back({Failure::Cause::RefusedByCheck, *result.objection});
      co_return;
    }
    runner = fleet_.staying(name);
    if (!runner) co_return;
  }
  if (!runner) {
    runner = &fleet_.add(std::move(entry));
    runner->memory().deployed.clear();  // of an instance of this name that could not be removed
  } else {
    if (decision.deed == Deed::Stop || decision.deed == Deed::Restart) {
      // It is stopped as what it was: the old owner, the old pid file.
      (void)co_await runner->stopForChange(decision.starts);
      runner = turn->over() ? nullptr : fleet_.staying(name);
      if (!runner) co_return;
    }
    runner->setEntry(std::move(entry));
  }
  auto before = recordDeployed(*runner, change);
  co_await finish(std::move(turn), name, decision, stops, std::move(before), change);
}

core::Task<> EntryApplier::finish(std::unique_ptr<Turns::Change> turn, std::string name, Decision decision,
                                  std::uint64_t stops, std::string before, Change& change) {
  auto* runner = fleet_.staying(name);
  if (!runner) co_return;
  const auto report = co_await runner->deploy(layout::Mode::Apply);
  append(change.report, report);
  runner = turn->over() ? nullptr : fleet_.staying(name);
  if (!runner) co_return;
  // The next reload, or manager, tries again what failed, and `state` counts then.
  const bool placed = report.errors.empty();
  if (!placed) record(*runner, std::move(before), change);
  // Its files are in place: what follows may take as long as its owner likes, and must not hold up a later change.
  turn.reset();
  if (decision.starts && !runner->machine().wanted() && runner->stops() == stops) {
    const auto outcome = co_await runner->start(placed ? Runner::Files::InPlace : Runner::Files::Unknown);
    if (!outcome) change.failures.push_back({Failure::Cause::NotStarted, outcome.error().message});
  } else if (decision.updates && placed) {
    const auto outcome = co_await runner->updatePrograms();
    if (!outcome) change.failures.push_back({Failure::Cause::NotUpdated, outcome.error().message});
  }
}

core::Task<Change> EntryApplier::remove(std::string name, bool purge) {
  Change change{name, decide(Fleet::see(fleet_.find(name)), nullptr).deed};
  try {
    co_await removeTo(std::move(name), purge, change);
  } catch (const core::Dropped&) {  // the manager ends
  }
  co_return change;
}

core::Task<> EntryApplier::removeTo(std::string name, bool purge, Change& change) {
  if (const auto* const runner = fleet_.find(name); runner && !runner->entry().managed) {
    fleet_.turns().supersede(name);
    fleet_.erase(name);
    co_return;
  }
  const auto removal = co_await fleet_.turns().enterRemoval(name);
  if (!removal) co_return;
  auto* runner = fleet_.find(name);
  if (!runner) co_return;
  (void)co_await runner->stop();
  runner = fleet_.find(name);
  if (!runner) co_return;
  const auto report = co_await runner->removeFiles(purge);
  append(change.report, report);
  fleet_.erase(name);
}

core::Task<Change> EntryApplier::plan(entries::Entry entry) {
  Change change{entry.name};
  // One that is being removed is a new one afterwards.
  const auto decision = decide(Fleet::see(fleet_.staying(entry.name)), &entry);
  change.deed = decision.deed;
  change.keys = decision.keys;
  const Fleet::Trial trial(fleet_, std::move(entry));
  if (decision.checks) {
    const auto result = co_await (*trial).check();
    if (result.objection) {
      change.failures.push_back({Failure::Cause::RefusedByCheck, *result.objection});
      co_return change;
    }
  }
  const auto report = co_await (*trial).deploy(layout::Mode::DryRun);
  append(change.report, report);
  co_return change;
}

core::Task<Change> EntryApplier::planRemoval(std::string name) {
  Change change{name, decide(Fleet::see(fleet_.find(name)), nullptr).deed};
  try {
    co_await planRemovalTo(std::move(name), change);
  } catch (const core::Dropped&) {  // it is removed now
  }
  co_return change;
}

core::Task<> EntryApplier::planRemovalTo(std::string name, Change& change) {
  auto* const runner = fleet_.staying(name);
  if (!runner || !runner->entry().managed) co_return;
  const auto report = co_await runner->planRemoval();
  append(change.report, report);
}

}  // namespace instances
