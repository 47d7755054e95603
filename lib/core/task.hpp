// SPDX-License-Identifier: MIT
#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "lib/core/completion.hpp"

/// Operations that wait, written from top to bottom: a function that returns a Task is a coroutine and may `co_await`
/// other tasks and completions. One thread; whatever completes an operation resumes who awaits it.
///
/// Parameters of a coroutine are taken by value (a reference would outlive the call), and nothing is captured: a lambda
/// that is a coroutine loses its captures when it is destroyed. Between two awaits anything may have happened: look
/// again.
namespace core {

template <class T = void>
class Task;

/// What a `co_await` throws when nobody is left to complete what it waits for: the operation ends there.
struct Dropped : std::exception {
  [[nodiscard]] const char* what() const noexcept override { return "given up: who worked on it is gone"; }
};

namespace detail {

/// At the end of a task: resumes whoever awaits it.
struct FinalAwaiter {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[nodiscard]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    const auto next = ended.promise().continuation;
    return next ? next : std::coroutine_handle<>(std::noop_coroutine());
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> continuation;
  std::exception_ptr error;

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;

  [[nodiscard]] Task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (error) std::rethrow_exception(error);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  [[nodiscard]] Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace detail

/// An operation under way, or not begun: it begins when it is awaited. Owned by who awaits it, or by a TaskScope;
/// destroying it ends it where it waits.
template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;

  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}  // before it is awaited
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (gone_) *gone_ = true;
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  /// Runs the task up to its first wait or its end. A transfer to the task and back would be shorter, but where gcc
  /// makes no tail calls (-O0, sanitizers) each of them nests: a loop over tasks that end without a wait would use up
  /// the stack.
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiting) noexcept {
    bool gone = false;
    gone_ = &gone;
    handle_.resume();
    if (gone) return true;  // what it did has destroyed who awaits it, and this
    gone_ = nullptr;
    if (handle_.done()) return false;
    handle_.promise().continuation = waiting;
    return true;
  }
  /// The result, or the exception that ended it.
  T await_resume() { return handle_.promise().take(); }

 private:
  std::coroutine_handle<promise_type> handle_;
  bool* gone_ = nullptr;  ///< while await_suspend() runs: set if this is destroyed
};

template <class T>
Task<T> detail::Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> detail::Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

/// Awaits an operation that takes a Completion<T>: `co_await core::completes<T>([&](core::Completion<T> done) {...});`
/// The function is called immediately and may keep the completion; if it is dropped, the await throws Dropped. A
/// coroutine that is destroyed meanwhile is not resumed.
template <class T, class Begin>
class [[nodiscard]] CompletesWith {
 public:
  explicit CompletesWith(Begin begin) : begin_(std::move(begin)) {}
  CompletesWith(const CompletesWith&) = delete;
  CompletesWith& operator=(const CompletesWith&) = delete;
  ~CompletesWith() {
    if (!slot_) return;
    slot_->waiting = nullptr;
    slot_->gone = true;
  }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiting) {
    slot_ = std::make_shared<Slot>();
    const auto slot = slot_;  // the coroutine, and this with it, may be gone when begin_ returns
    auto begin = std::move(begin_);
    begin(Completion<T>(std::make_unique<Link>(slot)));
    if (slot->gone) return true;
    if (slot->ended) return false;
    slot->waiting = waiting;
    return true;
  }
  T await_resume() {
    if (!slot_->value) throw Dropped();
    return std::move(*slot_->value);
  }

 private:
  struct Slot {
    std::coroutine_handle<> waiting;  ///< null: not yet, or no longer
    std::optional<T> value;
    bool ended = false;
    bool gone = false;  ///< who waited was destroyed
  };
  class Link final : public Receiver<T> {
   public:
    explicit Link(std::shared_ptr<Slot> slot) noexcept : slot_(std::move(slot)) {}
    void complete(T value) override {
      slot_->value.emplace(std::move(value));
      drop();
    }
    void drop() noexcept override {
      const auto slot = slot_;
      slot->ended = true;
      if (const auto waiting = std::exchange(slot->waiting, nullptr)) waiting.resume();
    }

   private:
    std::shared_ptr<Slot> slot_;
  };

  Begin begin_;
  std::shared_ptr<Slot> slot_;
};
template <class T, class Begin>
[[nodiscard]] CompletesWith<T, Begin> completes(Begin begin) {
  return CompletesWith<T, Begin>(std::move(begin));
}

namespace detail {

/// Begins tasks that nobody awaits and keeps them until they end.
class Roots {
 public:
  Roots() = default;
  Roots(const Roots&) = delete;
  Roots& operator=(const Roots&) = delete;
  /// Begins the task; it runs up to its first wait before this returns.
  void run(Task<void> task);
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

 protected:
  ~Roots() { clear(); }
  /// Ends those that wait.
  void clear() noexcept;

 private:
  struct Root;
  struct Links {
    Roots* owner = nullptr;
    Links *next = nullptr, **previous = nullptr;
    std::coroutine_handle<> frame;
  };
  static Root begin(Roots* owner, Task<void> task);
  /// A task ended by the exception that is being handled.
  virtual void failed() noexcept = 0;
  /// The last task has ended and is freed: who continues now.
  [[nodiscard]] virtual std::coroutine_handle<> idle() noexcept { return std::noop_coroutine(); }

  Links* first_ = nullptr;
};

}  // namespace detail

/// Owns tasks that nobody awaits. What ended one of them is logged as an error, but for Dropped. Destroying the scope
/// ends those that wait; it must not be destroyed by one of them.
class TaskScope final : public detail::Roots {
 public:
  /// Runs a task that uses what the owner of this scope has, for somebody who may outlive the owner: when the scope is
  /// gone, the await throws Dropped. When who awaits it is gone, the task continues to its end.
  template <class T>
  Task<T> own(Task<T> task) {
    co_return co_await completes<T>(
        [this, &task](Completion<T> done) { run(forward(std::move(task), std::move(done))); });
  }

 private:
  template <class T>
  static Task<> forward(Task<T> task, Completion<T> done) {
    T value = co_await task;
    done(std::move(value));
  }
  void failed() noexcept override;
};

/// Tasks that run side by side: run() begins each, and `co_await join` continues when all of them have ended. It throws
/// what ended the first one that failed. Destroying it ends those that wait.
class Join final : public detail::Roots {
 public:
  ~Join() { clear(); }
  [[nodiscard]] bool await_ready() const noexcept { return empty(); }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { waiting_ = waiting; }
  void await_resume() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  void failed() noexcept override {
    if (!error_) error_ = std::current_exception();
  }
  [[nodiscard]] std::coroutine_handle<> idle() noexcept override {
    const auto next = std::exchange(waiting_, nullptr);
    return next ? next : std::coroutine_handle<>(std::noop_coroutine());
  }

  std::coroutine_handle<> waiting_;
  std::exception_ptr error_;
};

}  // namespace core
