// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>

#include "daemon/instances/fingerprint.hpp"
#include "daemon/instances/fleet.hpp"
#include "daemon/instances/gathering.hpp"
#include "lib/core/log.hpp"

namespace instances {
namespace {

void addChanges(PlannedChange& change, const layout::Report& report) {
  for (const auto& one : report.changes) change.details.push_back(one.what + ' ' + one.path);
  for (const auto& error : report.errors) change.details.push_back("refused: " + error);
}

/// What was brought about last: an entry that was refused when the manager started is not.
Fingerprint deployedOf(const Runner& runner) {
  return Fingerprint::fromText(runner.memory().deployed).value_or(fingerprintOf(runner.entry()));
}

bool isUp(const Runner& runner) {
  return runner.machine().wanted();
}

std::string actionFor(const Runner& runner, const entries::Entry& after) {
  const auto was = deployedOf(runner), will = fingerprintOf(after);
  if (isUp(runner) && (after.state == entries::WantedState::Stopped) && was.all != will.all) return "stop";
  if (isUp(runner) && was.process != will.process) return "restart";
  if (!isUp(runner) && was.all != will.all && after.managed && after.state == entries::WantedState::Started)
    return "start";
  return "change";
}

}  // namespace

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

std::vector<std::string> Fleet::differences(const entries::Entry& before, const entries::Entry& after) const {
  std::vector<std::string> out;
  const auto valueIn = [](const entries::Entry& entry, const std::string& key) -> std::optional<std::string> {
    for (const auto& [k, v] : entry.written)
      if (k == key) return key == "http_server.password" ? "(hidden)" : v;
    return std::nullopt;
  };
  for (const auto& [key, value] : before.written)
    if (!valueIn(after, key)) out.push_back(fmt::format("{}: {} -> (default)", key, *valueIn(before, key)));
  for (const auto& [key, value] : after.written) {
    const auto old = std::find_if(before.written.begin(), before.written.end(),
                                  [&key = key](const auto& p) { return p.first == key; });
    if (old != before.written.end() && old->second == value) continue;
    out.push_back(fmt::format("{}: {} -> {}", key, valueIn(before, key).value_or("(default)"), *valueIn(after, key)));
  }
  return out;
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
              [](const auto& a, const auto& b) { return a.instance < b.instance; });
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
    gather->trials.emplace_back(new Runner(context_, *this, entry));
    std::string action = "add";
    std::vector<std::string> details;
    if (runner) {
      action = actionFor(*runner, entry);
      details = differences(runner->entry(), entry);
      if (!details.empty() || action != "change") gather->change(entry.name, action).details = details;
    } else {
      gather->change(entry.name, action);
    }
    gather->trials.back()->deploy(layout::Mode::DryRun,
                                  [gather, name = entry.name, action](const layout::Report& report) {
                                    if (!report.changes.empty() || !report.errors.empty())
                                      addChanges(gather->change(name, action), report);
                                  });
  }
  for (const auto& [name, runner] : runners_)
    if (!names.count(name) && !isKept(*runner, loaded)) gather->change(name, "remove");
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
  if (auto* const runner = find(entry.name)) return applyChanged(*runner, std::move(entry), gather);
  auto& runner = add(std::move(entry));
  gather->change(runner.entry().name, "add");
  runner.memory().deployed.clear();
  bringToState(runner, gather);
}

/// Writes down what counts as brought about.
void Fleet::remember(Runner& runner, std::string deployed, const Gather& gather) {
  runner.memory().deployed = std::move(deployed);
  const auto saved = runner.saveMemory();
  if (saved) return;
  auto text = fmt::format("failed: not recorded: {} (tried again until it works)", saved.error().text);
  auto& details = gather->change(runner.entry().name, "change").details;
  if (std::find(details.begin(), details.end(), text) == details.end()) details.push_back(std::move(text));
}

/// A new or changed entry is deployed: its files are put in place, then its `state` counts.
void Fleet::bringToState(Runner& runner, const Gather& gather) {
  const auto name = runner.entry().name;
  auto before = runner.memory().deployed;
  remember(runner, fingerprintOf(runner.entry()).text(), gather);
  runner.deploy(layout::Mode::Apply, [this, gather, name, before](const layout::Report& report) {
    auto& change = gather->change(name, "change");
    addChanges(change, report);
    auto* const here = staying(name);
    if (!here || !here->entry().managed) return;
    // It is not brought about: the next reload, or manager, tries again, and its `state` counts then.
    if (!report.errors.empty()) remember(*here, before, gather);
    const auto finish = [gather, name](const Outcome& outcome) {
      if (outcome) return;
      gather->change(name, "change").details.push_back("failed: " + outcome.error().message);
    };
    if (here->entry().state == entries::WantedState::Started && !isUp(*here)) return here->start(finish);
    if (here->entry().state == entries::WantedState::Stopped && isUp(*here)) return here->stop(finish);
  });
}

/// Stopped as what it was; then it is what it shall be.
void Fleet::replaceEntry(Runner& runner, entries::Entry entry, const Gather& gather) {
  const bool again = entry.state != entries::WantedState::Stopped && entry.managed;
  runner.stopForChange(again, [this, gather, again, next = std::move(entry)](const Outcome&) {
    const auto name = next.name;
    auto* const here = staying(name);
    if (!here) return;
    here->setEntry(next);
    bringToState(*here, gather);
    if (again && !isUp(*here))
      here->start([gather, name](const Outcome& outcome) {
        if (outcome) return;
        gather->change(name, "restart").details.push_back("failed: " + outcome.error().message);
      });
  });
}

void Fleet::applyChanged(Runner& runner, entries::Entry entry, const Gather& gather) {
  const auto name = entry.name;
  if (runner.memory().deployed.empty() && runner.entry().managed && !isUp(runner)) {
    // Its first time failed.
    gather->change(name, "add");
    runner.setEntry(std::move(entry));
    return bringToState(runner, gather);
  }
  const auto was = deployedOf(runner), will = fingerprintOf(entry);
  const auto action = actionFor(runner, entry);
  auto details = differences(runner.entry(), entry);
  if (!details.empty() || was != will) gather->change(name, action).details = std::move(details);
  if (was.process != will.process && isUp(runner)) {
    auto& trial = gather->trials.emplace_back(new Runner(context_, *this, entry));
    return trial->deploy(layout::Mode::DryRun, [this, gather, name, next = entry](const layout::Report& report) {
      auto& change = gather->change(name, "restart");
      for (const auto& error : report.errors) change.details.push_back("refused: " + error);
      // What runs is not stopped for a start that must fail.
      if (auto* const here = staying(name); here && report.errors.empty()) replaceEntry(*here, next, gather);
    });
  }
  runner.setEntry(std::move(entry));
  if (was.all != will.all && was.programs == will.programs) return bringToState(runner, gather);
  const bool programs = was.programs != will.programs;
  auto before = runner.memory().deployed;
  remember(runner, will.text(), gather);
  runner.deploy(layout::Mode::Apply, [this, gather, name, programs, before](const layout::Report& report) {
    if (!report.changes.empty() || !report.errors.empty()) addChanges(gather->change(name, "change"), report);
    auto* const here = staying(name);
    if (here && !report.errors.empty()) return remember(*here, before, gather);
    if (here && programs)
      here->updatePrograms([gather, name](const Outcome& outcome) {
        if (!outcome) gather->change(name, "change").details.push_back("failed: " + outcome.error().message);
      });
  });
}

void Fleet::removeRunner(Runner& runner, bool purge, const Gather& gather) {
  const auto name = runner.entry().name;
  gather->change(name, "remove");
  if (!runner.entry().managed) return erase(name);
  if (const auto leaving = leaving_.find(name); leaving != leaving_.end()) {
    leaving->second.waiting.push_back(gather);
    leaving->second.then = nullptr;
    return;
  }
  leaving_[name];
  runner.stop([this, gather, name, purge](const Outcome&) {
    find(name)->removeFiles(purge, [this, gather, name](const layout::Report& report) {
      addChanges(gather->change(name, "remove"), report);
      leave(name);
    });
  });
}

}  // namespace instances
