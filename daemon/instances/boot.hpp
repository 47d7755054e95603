// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "daemon/instances/entry_applier.hpp"

namespace entries {
struct Loaded;
}

namespace instances {

/// Looks at the processes of an earlier manager's records, and at those that may be instances without one, in a helper:
/// they are owners' processes, and looking at one may block. What is found is in the context's `seen`.
core::Task<> lookForInstances(Fleet& fleet);

/// The start of a manager: takes over what runs, and starts what must run, by priority, side by side within one.
class Boot {
 public:
  explicit Boot(Fleet& fleet) noexcept : fleet_(fleet), applier_(fleet) {}
  /// `loaded`: what the entries are; those in it are the fleet's already. To be awaited once, while this object lives.
  core::Task<> run(entries::Loaded loaded);

 private:
  struct Item {
    std::string name;
    Decision decision;
    bool adopted = false;
    std::string before = {};  ///< what was deployed before its entry was recorded
    Change change = {};
  };

  [[nodiscard]] std::set<std::string> addForgotten(const entries::Loaded& loaded);
  [[nodiscard]] Item decideFirst(const std::string& name, bool forgotten);
  void dropKept(const std::vector<Item>& items);
  core::Task<> start(Item item);
  core::Task<> settle(Item item);
  core::Task<> finish(std::unique_ptr<Turns::Change> turn, Item item);
  core::Task<> remove(std::string name);

  Fleet& fleet_;
  EntryApplier applier_;
};

}  // namespace instances
