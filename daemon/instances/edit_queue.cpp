// SPDX-License-Identifier: MIT
#include "daemon/instances/edit_queue.hpp"

#include <utility>

namespace instances {

core::Task<std::unique_ptr<EditQueue::Turn>> EditQueue::enter() {
  if (busy_ || !waiting_.empty())
    (void)co_await core::completes<bool>([this](core::Completion<bool> done) { waiting_.push_back(std::move(done)); });
  co_return std::make_unique<Turn>(*this);
}

void EditQueue::wake() {
  // One that was given up while it waited takes no turn: then the next one does.
  while (!busy_ && !waiting_.empty()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    next(true);
  }
}

}  // namespace instances
