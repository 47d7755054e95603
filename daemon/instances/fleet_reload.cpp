// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>

#include "daemon/instances/decide.hpp"
#include "daemon/instances/fingerprint.hpp"
#include "daemon/instances/fleet.hpp"
#include "daemon/instances/gathering.hpp"
#include "daemon/instances/under_way.hpp"
#include "lib/core/log.hpp"

namespace instances {
namespace {

void append(layout::Report& to, const layout::Report& more) {
  to.changes.insert(to.changes.end(), more.changes.begin(), more.changes.end());
  to.errors.insert(to.errors.end(), more.errors.begin(), more.errors.end());
}

bool isUp(const Runner& runner) { return runner.machine().wanted(); }

}  // namespace

Seen Fleet::see(const Runner* runner) {
  if (!runner) return {};
  const auto& deployed = runner->memory().deployed;
  return {.entry = &runner->entry(),
          .fresh = deployed.empty(),
          .deployed = Fingerprint::fromText(deployed),
          .up = isUp(*runner),
          .runs = runner->mainPid() > 0};
}

void Fleet::takeLoaded(entries::Loaded& loaded) {
  refused_ = loaded.refused;
  warnings_ = loaded.warnings;
  settings_ = loaded.settings;
  for (const auto& complaint : refused_) logging::error("refused: {}", complaint.text());
  for (const auto& complaint : warnings_) logging::warn("{}", complaint.text());
}

/// An instance whose entry is there but refused, or stood in a file that cannot be read now, stays as it is.
bool Fleet::isKept(const Runner& runner, const entries::Loaded& loaded) const {
  const auto& entry = runner.entry();
  return loaded.refusedNames.count(entry.name) || loaded.brokenFiles.count(entry.origin.file);
}

void Fleet::reloadAll(bool dryRun, ReloadDone done) {
  if (ending_) return done(core::Err{ManagerError{ErrorCode::ShuttingDown, "The manager is being stopped."}});
  auto loaded = entries::load(loadOptions());
  if (!dryRun)
    for (auto* observer : observers_) observer->reloading(true);
  const auto gather = std::make_shared<Gathering>(*this, [this, dryRun, finish = std::move(done)](auto report) {
    if (!dryRun)
      for (auto* observer : observers_) observer->reloading(false);
    std::sort(report->changes.begin(), report->changes.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    finish(std::move(report));
  });
  gather->report.refused = loaded.refused;
  gather->report.warnings = loaded.warnings;
  if (dryRun) return plan(loaded, gather);
  takeLoaded(loaded);
  applySettings();
  apply(std::move(loaded), gather);
}

void Fleet::plan(const entries::Loaded& loaded, const Gather& gather) {
  std::set<std::string> names;
  for (const auto& entry : loaded.entries) {
    names.insert(entry.name);
    const auto* const runner = find(entry.name);
    auto decision = decide(see(runner), &entry);
    auto& trial = *gather->trials.emplace_back(new Runner(context_, *this, entry));
    if (decision.deed != Deed::Nothing) gather->change(entry.name, decision.deed).keys = std::move(decision.keys);
    const auto deploy = [gather, &trial, name = entry.name] {
      trial.deploy(layout::Mode::DryRun, [gather, name](const layout::Report& report) {
        if (!report.changes.empty() || !report.errors.empty())
          append(gather->change(name, Deed::Change).report, report);
      });
    };
    if (!decision.checks) {
      deploy();
      continue;
    }
    // What is refused changes no file.
    trial.check([gather, name = entry.name, deploy](const CheckResult& result) {
      if (!result.objection) return deploy();
      gather->change(name, Deed::Change).failures.push_back({Failure::Cause::RefusedByCheck, *result.objection});
    });
  }
  for (const auto& [name, runner] : runners_) {
    if (names.count(name) || isKept(*runner, loaded)) continue;
    gather->change(name, Deed::Remove);
    if (!runner->entry().managed || leaving_.count(name)) continue;
    runner->planRemoval([gather, name = name](const layout::Report& report) {
      append(gather->change(name, Deed::Remove).report, report);
    });
  }
}

void Fleet::apply(entries::Loaded loaded, const Gather& gather) {
  std::set<std::string> names;
  for (auto& entry : loaded.entries) {
    names.insert(entry.name);
    applyEntry(std::move(entry), gather);
  }
  std::vector<Runner*> gone;
  for (const auto& [name, runner] : runners_)
    if (!names.count(name) && !isKept(*runner, loaded)) gone.push_back(runner.get());
  for (auto* const runner : gone) removeRunner(*runner, false, gather);
}

void Fleet::applyEntry(entries::Entry entry, const Gather& gather) {
  if (const auto leaving = leaving_.find(entry.name); leaving != leaving_.end()) {
    leaving->second.then = [this, entry, gather] { applyEntry(entry, gather); };
    return;
  }
  if (const auto before = changing_.find(entry.name); before != changing_.end() && !before->second->checking) {
    before->second->then = [this, entry, gather] { applyEntry(entry, gather); };
    return;
  }
  const auto turn = beginChange(entry.name);
  if (auto* const runner = find(entry.name)) return applyChanged(*runner, std::move(entry), gather, turn);
  const auto decision = decide({}, &entry);
  auto& runner = add(std::move(entry));
  gather->change(runner.entry().name, decision.deed);
  runner.memory().deployed.clear();
  bringAbout(runner, decision, gather, turn);
}

Fleet::Turn Fleet::beginChange(const std::string& name) {
  endChange(name);
  auto turn = std::make_shared<UnderWay>(*this, name);
  changing_[name] = turn.get();
  return turn;
}

/// A change that is under way does nothing more, and what waits for it is forgotten.
void Fleet::endChange(const std::string& name) {
  const auto change = changing_.extract(name);
  if (!change) return;
  change.mapped()->over = true;
  const auto forgotten = std::exchange(change.mapped()->then, nullptr);
}

/// Writes down what counts as brought about.
void Fleet::remember(Runner& runner, std::string deployed, const Gather& gather) {
  runner.memory().deployed = std::move(deployed);
  const auto saved = runner.saveMemory();
  if (saved) return;
  Failure failure{Failure::Cause::NotRecorded,
                  fmt::format("not recorded: {} (tried again until it works)", saved.error().text)};
  auto& failures = gather->change(runner.entry().name, Deed::Change).failures;
  if (std::find(failures.begin(), failures.end(), failure) == failures.end()) failures.push_back(std::move(failure));
}

/// Its entry is the new one: its files are put in place, then the rest of the decision is done.
void Fleet::bringAbout(Runner& runner, const Decision& decision, const Gather& gather, const Turn& turn) {
  const auto name = runner.entry().name;
  auto before = runner.memory().deployed;
  remember(runner, fingerprintOf(runner.entry()).text(), gather);
  runner.deploy(layout::Mode::Apply, [this, gather, turn, name, decision, before](const layout::Report& report) {
    if (!report.changes.empty() || !report.errors.empty()) append(gather->change(name, Deed::Change).report, report);
    auto* const here = turn->over ? nullptr : staying(name);
    if (!here) return;
    const bool placed = report.errors.empty();
    // Not brought about: the next reload, or manager, tries again, and its `state` counts then.
    if (!placed) remember(*here, before, gather);
    const auto finish = [gather, name, deed = decision.deed](Failure::Cause cause) {
      return [gather, name, deed, cause](const OperationResult& outcome) {
        if (!outcome) gather->change(name, deed).failures.push_back({cause, outcome.error().message});
      };
    };
    if (decision.starts && !isUp(*here)) here->start(finish(Failure::Cause::NotStarted));
    if (decision.updates && placed) here->updatePrograms(finish(Failure::Cause::NotUpdated));
  });
}

/// What must stop is stopped as what it was; then it is what it shall be.
void Fleet::replaceEntry(Runner& runner, entries::Entry entry, const Decision& decision, const Gather& gather,
                         const Turn& turn) {
  if (decision.deed != Deed::Stop && decision.deed != Deed::Restart) {
    runner.setEntry(std::move(entry));
    return bringAbout(runner, decision, gather, turn);
  }
  runner.stopForChange(decision.starts,
                       [this, gather, turn, decision, next = std::move(entry)](const OperationResult&) {
                         auto* const here = turn->over ? nullptr : staying(next.name);
                         if (!here) return;
                         here->setEntry(next);
                         bringAbout(*here, decision, gather, turn);
                       });
}

void Fleet::applyChanged(Runner& runner, entries::Entry entry, const Gather& gather, const Turn& turn) {
  const auto name = entry.name;
  const auto decision = decide(see(&runner), &entry);
  if (decision.deed != Deed::Nothing) gather->change(name, decision.deed).keys = decision.keys;
  if (!decision.checks) return replaceEntry(runner, std::move(entry), decision, gather, turn);
  auto& trial = *gather->trials.emplace_back(new Runner(context_, *this, entry));
  turn->checking = true;
  trial.check([this, gather, turn, name, decision, next = std::move(entry)](const CheckResult& result) {
    turn->checking = false;
    if (turn->over) {
      gather->change(name, decision.deed).failures.push_back({Failure::Cause::Superseded, {}});
    } else if (result.objection) {
      gather->change(name, decision.deed).failures.push_back({Failure::Cause::RefusedByCheck, *result.objection});
    } else if (auto* const here = staying(name)) {
      replaceEntry(*here, next, decision, gather, turn);
    }
  });
}

void Fleet::removeRunner(Runner& runner, bool purge, const Gather& gather) {
  const auto name = runner.entry().name;
  gather->change(name, Deed::Remove);
  endChange(name);
  if (!runner.entry().managed) return erase(name);
  if (const auto leaving = leaving_.find(name); leaving != leaving_.end()) {
    leaving->second.waiting.push_back(gather);
    leaving->second.then = nullptr;
    return;
  }
  leaving_[name];
  runner.stop([this, gather, name, purge](const OperationResult&) {
    find(name)->removeFiles(purge, [this, gather, name](const layout::Report& report) {
      append(gather->change(name, Deed::Remove).report, report);
      leave(name);
    });
  });
}

}  // namespace instances
