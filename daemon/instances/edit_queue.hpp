// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>

#include "lib/core/event_loop.hpp"
#include "lib/core/task.hpp"

namespace instances {

/// Edits of the administrator's files, one after the other in the order in which they came: each must see what the one
/// before it wrote. The next one continues from the loop.
class EditQueue {
 public:
  class Turn;

  explicit EditQueue(core::EventLoop& loop) : wake_(loop, [this] { wake(); }) {}
  /// Waits for the turn of an edit. Its end is that of the Turn.
  core::Task<std::unique_ptr<Turn>> enter();

 private:
  void wake();

  std::deque<core::Completion<bool>> waiting_;
  bool busy_ = false;
  core::Deferred wake_;
};

/// Must not outlive the queue.
class EditQueue::Turn {
 public:
  explicit Turn(EditQueue& queue) noexcept : queue_(queue) { queue_.busy_ = true; }
  ~Turn() {
    queue_.busy_ = false;
    if (!queue_.waiting_.empty()) queue_.wake_.schedule();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  EditQueue& queue_;
};

}  // namespace instances
