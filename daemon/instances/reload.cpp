// SPDX-License-Identifier: MIT
#include "daemon/instances/reload.hpp"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include "daemon/instances/failures.hpp"
#include "daemon/instances/fleet.hpp"

namespace instances {

core::Task<Answer<ReloadReport>> Reload::run(bool dryRun) {
  if (fleet_.ending()) co_return core::Err{managerEnds()};
  auto loaded = entries::load(fleet_.loadOptions());
  report_.refused = loaded.refused;
  report_.warnings = loaded.warnings;
  if (!dryRun) {
    fleet_.tellReloading(true);
    fleet_.take(loaded);
  }
  // Without memory for some of it, what has begun is finished all the same: an instance that was stopped for a change
  // must start again. And the observers see the end, since systemd waits for it.
  core::Join join;
  std::exception_ptr error;
  try {
    if (dryRun)
      beginPlan(loaded, join);
    else
      beginApply(loaded, join);
  } catch (...) {
    error = std::current_exception();
  }
  try {
    co_await join;
  } catch (...) {
    error = std::current_exception();
  }
  if (!dryRun) fleet_.tellReloading(false);
  if (error) std::rethrow_exception(error);
  std::sort(report_.changes.begin(), report_.changes.end(),
            [](const Change& a, const Change& b) { return a.name < b.name; });
  co_return std::move(report_);
}

/// Instances without an entry. One whose entry is there but refused, or was in a file that cannot be read now, stays as
/// it is.
std::vector<std::string> Reload::vanished(const entries::Loaded& loaded) const {
  std::set<std::string> kept = loaded.refusedNames;
  for (const auto& entry : loaded.entries) kept.insert(entry.name);
  std::vector<std::string> out;
  for (const auto& name : fleet_.names())
    if (!kept.count(name) && !loaded.brokenFiles.count(fleet_.find(name)->entry().origin.file)) out.push_back(name);
  return out;
}

void Reload::beginPlan(entries::Loaded& loaded, core::Join& join) {
  const auto gone = vanished(loaded);
  for (auto& entry : loaded.entries) join.run(collect(applier_.plan(std::move(entry))));
  for (const auto& name : gone) join.run(collect(applier_.planRemoval(name)));
}

void Reload::beginApply(entries::Loaded& loaded, core::Join& join) {
  const auto gone = vanished(loaded);
  for (auto& entry : loaded.entries) join.run(collect(applier_.apply(std::move(entry))));
  for (const auto& name : gone) join.run(collect(applier_.remove(name, false)));
}

core::Task<> Reload::collect(core::Task<Change> work) {
  auto change = co_await work;
  if (change.isEmpty()) co_return;
  if (change.deed == Deed::Nothing) change.deed = Deed::Change;  // files that were put right
  report_.changes.push_back(std::move(change));
}

}  // namespace instances
