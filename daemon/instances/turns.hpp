// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lib/core/event_loop.hpp"
#include "lib/core/task.hpp"

namespace instances {

/// Who may change an instance now. An owner decides how long a check or a stop of its instance takes, and must not
/// decide which entry counts in the end. Therefore:
///
///  * A change that is being checked has changed nothing yet: a later one replaces it.
///  * A change after its check is finished first. The latest change that came meanwhile is next; those before it are
///    dismissed.
///  * A removal comes first: it replaces the change under way and dismisses the one that waits. A change that comes
///    during the removal is made after it.
///
/// Everybody continues from the loop, never within a call of this class or a destructor.
class Turns {
 public:
  class Change;
  class Removal;

  explicit Turns(core::EventLoop& loop) : wake_(loop, [this] { wake(); }) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// Waits for the turn of a change. Null: a later one, or a removal, replaces it.
  core::Task<std::unique_ptr<Change>> enter(std::string name);
  /// Begins a removal. Null: there was one under way, which has ended now.
  core::Task<std::unique_ptr<Removal>> enterRemoval(std::string name);
  /// The change under way may do nothing more, and the one that waits is dismissed.
  void supersede(const std::string& name);
  /// Whether it is being removed.
  [[nodiscard]] bool isLeaving(const std::string& name) const;

 private:
  using Call = core::Completion<bool>;
  struct Line {
    Change* change = nullptr;    ///< under way
    Removal* removal = nullptr;  ///< under way
    Call next;                   ///< the change that waits; false: it is dismissed
    std::vector<Call> removed;   ///< wait for the end of the removal
  };

  void release(const std::string& name) noexcept;
  void wake();

  std::map<std::string, Line> lines_;  // of instances with something under way
  std::vector<Call> dismissed_;
  core::Deferred wake_;
};

/// A change under way, until it is destroyed. It must not outlive the Turns.
class Turns::Change {
 public:
  Change(Turns& turns, std::string name);
  ~Change();
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  /// While it is checked, a later change may replace it.
  void setChecking(bool checking) noexcept { checking_ = checking; }
  /// It may do nothing more.
  [[nodiscard]] bool over() const noexcept { return over_; }

 private:
  friend class Turns;
  Turns& turns_;
  const std::string name_;
  bool checking_ = false;
  bool over_ = false;
};

/// A removal under way, until it is destroyed. It must not outlive the Turns.
class Turns::Removal {
 public:
  Removal(Turns& turns, std::string name);
  ~Removal();
  Removal(const Removal&) = delete;
  Removal& operator=(const Removal&) = delete;

 private:
  Turns& turns_;
  const std::string name_;
};

}  // namespace instances
