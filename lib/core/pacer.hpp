// SPDX-License-Identifier: MIT
#pragma once

#include <deque>

#include "lib/core/event_loop.hpp"
#include "lib/core/task.hpp"

namespace core {

/// Lets many tasks that each take a while come one after the other, and the loop do something else in between: when
/// hundreds begin in one turn, nobody would get an answer, and no end of a time limit would be seen, until the last.
class Pacer {
 public:
  /// A last step goes before the first steps of others: what it begins runs beside them.
  enum class Step { First, Last };

  explicit Pacer(EventLoop& loop) : timer_(loop, [this] { letIn(); }) {}

  /// Waits until it is this task's turn: of one kind of step, first come, first served. Without a queue that is in the
  /// next turn of the loop.
  Task<> turn(Step step);

 private:
  void letIn();

  std::deque<Completion<bool>> first_, last_;
  Timer timer_;
};

}  // namespace core
