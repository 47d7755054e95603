// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "lib/core/result.hpp"

namespace core {

/// The value that a completion has when everybody who could complete it is gone. Specialise it for the types of errors
/// that operations answer with: a result is then a failure of that kind.
template <class T>
struct WhenDropped;

template <>
struct WhenDropped<Error> {
  static Error value() { return {"The operation was given up before it ended.", 0}; }
};
template <class T, class E>
struct WhenDropped<Result<T, E>> {
  static Result<T, E> value() { return Err{WhenDropped<E>::value()}; }
};

/// Takes the outcome of an operation; see Completion.
template <class T>
class Receiver {
 public:
  virtual ~Receiver() = default;
  virtual void complete(T value) = 0;
  /// Nobody is left to complete it. Called from a destructor: nothing may leave it.
  virtual void drop() noexcept = 0;
};

/// The one way to say "call me when it is done": takes the outcome of an operation exactly once. Move-only, so that two
/// cannot answer; one that is destroyed without an outcome answers with WhenDropped<T>, so that nobody waits for ever.
/// May be called before the function returns that was given it, and may destroy whoever calls it: that is the last
/// thing a caller does.
template <class T>
class [[nodiscard]] Completion {
 public:
  Completion() = default;
  /// `call` takes a T. It must not throw std::bad_alloc where the caller cannot try again.
  template <class Call>
  // NOLINTNEXTLINE(google-explicit-constructor): a lambda is passed where a Completion is taken
  requires(std::is_invocable_v<Call&, T> && !std::is_same_v<std::decay_t<Call>, Completion>) Completion(Call call)
      : receiver_(std::make_unique<Function<Call>>(std::move(call))) {}
  explicit Completion(std::unique_ptr<Receiver<T>> receiver) noexcept : receiver_(std::move(receiver)) {}
  Completion(Completion&& other) noexcept = default;
  Completion& operator=(Completion&& other) noexcept {
    if (this != &other) {
      drop();
      receiver_ = std::move(other.receiver_);
    }
    return *this;
  }
  ~Completion() { drop(); }

  void operator()(T value) {
    const auto receiver = std::move(receiver_);
    receiver->complete(std::move(value));
  }
  /// Whether an outcome is still to come.
  explicit operator bool() const noexcept { return receiver_ != nullptr; }

 private:
  template <class Call>
  class Function final : public Receiver<T> {
   public:
    explicit Function(Call call) : call_(std::move(call)) {}
    void complete(T value) override { call_(std::move(value)); }
    void drop() noexcept override {
      // Without memory the waiter gets no answer, but the destructor that calls this must finish.
      try {
        call_(WhenDropped<T>::value());
      } catch (...) {
      }
    }

   private:
    Call call_;
  };

  void drop() noexcept {
    if (const auto receiver = std::move(receiver_)) receiver->drop();
  }

  std::unique_ptr<Receiver<T>> receiver_;
};

}  // namespace core
