// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <list>
#include <memory>

namespace output {

/// Calls the followers of a log when it has grown or was cleared, so that a live view needs no polling. Uses one
/// pointer while nobody follows.
class AppendNotice {
  using List = std::list<std::function<void()>>;

 public:
  /// Ends the subscription when destroyed; may outlive the notice.
  class [[nodiscard]] Subscription {
   public:
    Subscription() = default;
    Subscription(std::weak_ptr<List> list, List::iterator position) : list_(std::move(list)), position_(position) {}
    Subscription(Subscription&& other) noexcept = default;
    Subscription& operator=(Subscription&& other) noexcept {
      cancel();
      list_ = std::move(other.list_);
      position_ = other.position_;
      return *this;
    }
    ~Subscription() { cancel(); }

   private:
    void cancel() noexcept {
      if (const auto list = list_.lock()) list->erase(position_);
      list_.reset();
    }
    std::weak_ptr<List> list_;
    List::iterator position_{};
  };

  /// `follower` is called from inside a write: it may only schedule work (core::Deferred), and must neither subscribe
  /// nor unsubscribe.
  Subscription subscribe(std::function<void()> follower) {
    if (!list_) list_ = std::make_shared<List>();
    return {list_, list_->insert(list_->end(), std::move(follower))};
  }
  void notify() const {
    if (!list_) return;
    for (const auto& follower : *list_) follower();
  }

 private:
  std::shared_ptr<List> list_;
};

}  // namespace output
