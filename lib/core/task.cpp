// SPDX-License-Identifier: MIT
#include "lib/core/task.hpp"

#include "lib/core/log.hpp"

namespace core {
namespace detail {

/// A coroutine that nobody awaits: it is in its owner's list until it ends, and frees itself then.
struct Roots::Root {
  struct promise_type : Links {
    promise_type(Roots* roots, Task<void>&) noexcept {
      owner = roots;
      frame = std::coroutine_handle<promise_type>::from_promise(*this);
      next = roots->first_;
      previous = &roots->first_;
      if (next) next->previous = &next;
      roots->first_ = this;
    }
    ~promise_type() {
      *previous = next;
      if (next) next->previous = previous;
    }
    promise_type(const promise_type&) = delete;
    promise_type& operator=(const promise_type&) = delete;

    /// Frees the coroutine before anybody else continues and perhaps destroys its owner.
    struct Free {
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> ended) const noexcept {
        auto* const owner = ended.promise().owner;
        ended.destroy();
        return owner->empty() ? owner->idle() : std::coroutine_handle<>(std::noop_coroutine());
      }
      void await_resume() const noexcept {}
    };

    [[nodiscard]] Root get_return_object() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] Free final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { owner->failed(); }
  };
};

Roots::Root Roots::begin(Roots*, Task<void> task) { co_await task; }

void Roots::run(Task<void> task) { begin(this, std::move(task)); }

void Roots::clear() noexcept {
  while (first_) first_->frame.destroy();
}

}  // namespace detail

void TaskScope::failed() noexcept {
  try {
    throw;
  } catch (const Dropped&) {
  } catch (const std::exception& error) {
    logging::error("an operation failed: {}", error.what());
  } catch (...) {
    logging::error("an operation failed");
  }
}

}  // namespace core
