// SPDX-License-Identifier: MIT
#pragma once

namespace output {

/// Writers that found a target full, first come, first served. Joining and leaving need no memory.
class RoomQueue {
 public:
  /// Waits in at most one queue; leaves it when destroyed.
  class Waiter {
   public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    virtual ~Waiter() { leave(); }
    /// It is this one's turn, and it has left the queue: it may write until the target is full again, and join again.
    virtual void onRoom() noexcept = 0;
    [[nodiscard]] bool waiting() const noexcept { return queue_ != nullptr; }
    void leave() noexcept {
      if (queue_ == nullptr) return;
      (previous_ != nullptr ? previous_->next_ : queue_->first_) = next_;
      (next_ != nullptr ? next_->previous_ : queue_->last_) = previous_;
      queue_ = nullptr;
    }

   private:
    friend class RoomQueue;
    RoomQueue* queue_ = nullptr;
    Waiter* next_ = nullptr;
    Waiter* previous_ = nullptr;
  };

  RoomQueue() = default;
  RoomQueue(const RoomQueue&) = delete;
  RoomQueue& operator=(const RoomQueue&) = delete;
  ~RoomQueue() {
    while (pop() != nullptr) {
    }
  }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  /// Puts `waiter` last. One that waits here already keeps its place.
  void join(Waiter& waiter) noexcept {
    if (waiter.queue_ == this) return;
    waiter.leave();
    waiter.queue_ = this;
    waiter.next_ = nullptr;
    waiter.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &waiter;
    last_ = &waiter;
  }
  /// Takes the first one out; nullptr if nobody waits.
  Waiter* pop() noexcept {
    Waiter* const waiter = first_;
    if (waiter != nullptr) waiter->leave();
    return waiter;
  }

 private:
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace output
