// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "daemon/layout/apply.hpp"
#include "daemon/layout/owner_task.hpp"

namespace layout {

/// Applies a plan: what is safe with the ids of the manager at once, the rest by a helper with the owner's ids. A plan
/// with a ledger is gone through twice: first all of it is checked, and if anything is in the way nothing is done; then
/// it is recorded, and brought about.
class Deployment {
 public:
  struct Options {
    std::string root;        ///< prefix of all paths of the plan
    bool privileged = true;  ///< root; otherwise everything belongs to this process's own account
    Mode mode = Mode::Apply;
  };
  /// Changes and errors of the whole; nothing is delegated any more. Called once, perhaps before run() returns.
  using Done = std::function<void(Report)>;

  Deployment(core::EventLoop& loop, core::Reaper& reaper, Options options);
  void run(Plan plan, Done done);
  [[nodiscard]] bool finished() const noexcept { return !done_; }

 private:
  [[nodiscard]] Mode mode() const noexcept { return checking_ ? Mode::DryRun : options_.mode; }
  void pass();
  void passed();
  void applyHere(const std::vector<Node>& nodes);
  void delegate();
  void onHelper(core::Expected<std::string> answer);
  void finish();

  core::EventLoop& loop_;
  core::Reaper& reaper_;
  Options options_;
  Plan plan_;
  Done done_;
  Report report_;
  bool checking_ = false;
  std::vector<std::string> making_;  // directories that the check did not find
  std::unique_ptr<OwnerTask> task_;
};

}  // namespace layout
