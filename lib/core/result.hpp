// SPDX-License-Identifier: MIT
#pragma once

#include <cassert>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace core {

/// Marks a value as the failure of a Result: `return core::Err{SpawnError{...}};`
template <class E>
struct Err {
  E value;
};
template <class E>
Err(E) -> Err<E>;

/// What a caller must handle: a value or an expected failure. Member names follow std::expected (C++23),
/// so that a later switch is an alias. Reading the wrong side is a bug and asserts.
template <class T, class E>
class [[nodiscard]] Result {
 public:
  // A function returns a value, or an Err, as it is.
  // NOLINTBEGIN(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  template <class G>
  requires std::is_constructible_v<E, G&&> Result(Err<G> error)
      : state_(std::in_place_index<1>, std::move(error.value)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & noexcept {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] const T& value() const& noexcept {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && noexcept {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & noexcept { return value(); }
  const T& operator*() const& noexcept { return value(); }
  T&& operator*() && noexcept { return std::move(*this).value(); }
  T* operator->() noexcept { return &value(); }
  const T* operator->() const noexcept { return &value(); }
  [[nodiscard]] const E& error() const& noexcept {
    assert(!has_value());
    return *std::get_if<1>(&state_);
  }
  [[nodiscard]] E&& error() && noexcept {
    assert(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  template <class G>
  // NOLINTNEXTLINE(google-explicit-constructor)
  requires std::is_constructible_v<E, G&&> Result(Err<G> error) : error_(std::move(error.value)), ok_(false) {}

  [[nodiscard]] bool has_value() const noexcept { return ok_; }
  explicit operator bool() const noexcept { return ok_; }
  [[nodiscard]] const E& error() const& noexcept {
    assert(!ok_);
    return error_;
  }
  [[nodiscard]] E&& error() && noexcept {
    assert(!ok_);
    return std::move(error_);
  }

 private:
  E error_{};
  bool ok_ = true;
};

/// A failure for people: the text is complete (names the file, section, key or call); `code` is an errno or 0.
struct Error {
  std::string text;
  int code = 0;
};

template <class T>
using Expected = Result<T, Error>;
using Status = Result<void, Error>;

/// An Error made of `what` and the text of `errnum`: "what: No such file or directory".
[[nodiscard]] Err<Error> sysError(std::string what, int errnum);

}  // namespace core
