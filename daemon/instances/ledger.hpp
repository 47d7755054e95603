// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/instances/keyed_file.hpp"
#include "daemon/layout/plan.hpp"

namespace instances {

/// What was generated for one instance, as lines of its state file: "generated=file DIGEST,DIGEST PATH" (or "link"),
/// "own=PATH" for directories that the manager made or that are at their default place, "directory=PATH" for others.
/// Earlier versions wrote no digests, and "directory=PATH" for all.
class Ledger : public layout::Ledger {
 public:
  explicit Ledger(std::string stateFile) : stateFile_(std::move(stateFile)) {}

  [[nodiscard]] bool empty() const noexcept { return items_.empty() && directories_.empty(); }
  void readFrom(const KeyedFile& file);
  void writeTo(KeyedFile& file) const;
  /// Why the state file could not be written last; "" if it could.
  void noteObstacle(std::string obstacle) { obstacle_ = std::move(obstacle); }
  /// `call` is called when settle() could not write the state file: the owner of the file retries later.
  void onUnsaved(std::function<void()> call) { unsaved_ = std::move(call); }

  /// Removals of what an earlier plan made and this one does not. `keep`: names of files that stay anyway.
  [[nodiscard]] std::vector<layout::Node> gone(const layout::Plan& plan, const std::vector<std::string>& keep) const;
  /// Removals of everything generated, and of the run directory at its default place; with `purge` of the other
  /// directories too, the deepest first.
  [[nodiscard]] std::vector<layout::Node> removals(bool purge) const;

  void inform(layout::Plan& plan) const override;
  [[nodiscard]] std::unique_ptr<layout::Intention> draft(const layout::Plan& plan,
                                                         const std::vector<std::string>& making) override;
  [[nodiscard]] core::Status intend(const layout::Plan& plan, const std::vector<std::string>& making,
                                    layout::Intention* draft) override;
  void settle(const layout::Plan& plan, const std::vector<std::string>& making, const std::vector<layout::Change>& done,
              bool complete) override;

 private:
  struct Item {
    bool link = false;
    std::vector<std::string> digests;
    bool operator==(const Item&) const = default;
  };
  /// The state file with what is known now. Its other lines are those of PersistentState.
  [[nodiscard]] core::Expected<KeyedFile> stateFile() const;
  [[nodiscard]] core::Status save(layout::Intention* draft) const;
  /// Adds the plan to what is known.
  void add(const layout::Plan& plan, const std::vector<std::string>& making);
  [[nodiscard]] layout::Known knownOf(const std::string& path, bool link) const;
  /// Whether `path` is /run/supervisor_NAME, and holds none of the instance's other directories.
  [[nodiscard]] bool isRunDirectory(const std::string& path) const;

  std::string stateFile_;
  std::string obstacle_;
  std::function<void()> unsaved_;
  std::map<std::string, Item> items_;
  std::map<std::string, bool> directories_;  // path -> whether it is the instance's own
};

}  // namespace instances
