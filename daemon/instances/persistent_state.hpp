// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"
#include "daemon/instances/ledger.hpp"
#include "daemon/layout/plan.hpp"
#include "lib/core/users.hpp"

namespace instances {

/// What the manager remembers of an instance from boot to boot, in one file of its state directory.
class PersistentState {
 public:
  explicit PersistentState(std::string path) : path_(std::move(path)), ledger_(std::make_shared<Ledger>(path_)) {}
  /// Reads what there is; makes the mark of a new instance.
  void load();
  [[nodiscard]] core::Status save() const;
  void remove() const;
  /// `call` hears that what the record of generated files knows could not be written; also on behalf of copies.
  void onUnsaved(std::function<void()> call) { ledger_->onUnsaved(std::move(call)); }

  /// Value of SUPERVISOR_MANAGER_INSTANCE in all processes of the instance.
  std::string mark;
  /// Fingerprint of the entry as it was last deployed; empty: never.
  std::string deployed;
  /// What enable and disable said, and what the entry said then: if the entry says something else since, that counts.
  std::optional<bool> enabled;
  bool enabledBase = true;
  /// Where its entry and its programs are declared.
  entries::Places places;
  /// Whose it was when its files were put in place last.
  core::Identity owner;

  [[nodiscard]] bool isEnabled(bool entrySays) const {
    return enabled && enabledBase == entrySays ? *enabled : entrySays;
  }

  /// Whether anything was generated, or was about to be.
  [[nodiscard]] bool hasGenerated() const { return !ledger_->empty(); }
  /// Gives `plan` the record of what was generated before, for what it does to be recorded there. Returns removals of
  /// what an earlier plan made and this one does not. `keep`: names of files that stay anyway.
  [[nodiscard]] std::vector<layout::Node> replaceGenerated(layout::Plan& plan, const std::vector<std::string>& keep);
  /// Removals of everything generated; with `purge` of the directories too.
  [[nodiscard]] std::vector<layout::Node> allRemovals(bool purge) const { return ledger_->removals(purge); }

 private:
  std::string path_;
  std::shared_ptr<Ledger> ledger_;  // of all copies: the one that a deployment works on records what was done
};

}  // namespace instances
