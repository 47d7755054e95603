// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "daemon/entries/entry.hpp"
#include "daemon/instances/change.hpp"
#include "daemon/instances/decide.hpp"
#include "daemon/instances/turns.hpp"
#include "lib/core/task.hpp"

namespace instances {

class Fleet;
class Runner;

/// Does what was decided about one instance, or returns what would be done. Reload, edits and the start of the manager
/// share it. A Change that is returned has what was done up to the point where the instance was removed by somebody
/// else, or where a later change replaced this one.
class EntryApplier {
 public:
  explicit EntryApplier(Fleet& fleet) noexcept : fleet_(fleet) {}

  /// Makes `entry` the one that counts for its instance, which is new or there already.
  core::Task<Change> apply(entries::Entry entry);
  /// Stops the instance and removes what was generated; with `purge` its logs and includes too.
  core::Task<Change> remove(std::string name, bool purge);
  /// What apply() would do now.
  core::Task<Change> plan(entries::Entry entry);
  /// What remove() without a purge would do now.
  core::Task<Change> planRemoval(std::string name);

  /// The entry of the runner counts as deployed from now on. Returns what did before.
  [[nodiscard]] static std::string recordDeployed(Runner& runner, Change& change);
  /// The last part of a decision, when the entry of the runner is the new one and recorded: puts its files in place,
  /// then starts it or has it load its programs. Where the files fail, `before` counts as deployed again. Where it was
  /// stopped since the decision (Runner::stops() was `stops` then), it is not started.
  core::Task<> finish(std::unique_ptr<Turns::Change> turn, std::string name, Decision decision, std::uint64_t stops,
                      std::string before, Change& change);

 private:
  // `change` is in the frame of the coroutine that awaits these.
  core::Task<> applyTo(entries::Entry entry, Change& change);
  core::Task<> removeTo(std::string name, bool purge, Change& change);
  core::Task<> planRemovalTo(std::string name, Change& change);

  Fleet& fleet_;
};

}  // namespace instances
