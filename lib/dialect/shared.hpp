// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <utility>

namespace config {

/// A value that is mostly the default, and then takes only a pointer. Copies share one object, which never changes.
template <class T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T value) {
    if (!(value == T())) value_ = std::make_shared<const T>(std::move(value));
  }

  /// Whether it differs from the default.
  [[nodiscard]] bool given() const noexcept { return value_ != nullptr; }
  [[nodiscard]] const T& operator*() const { return value_ ? *value_ : fallback(); }
  [[nodiscard]] const T* operator->() const { return &**this; }

  bool operator==(const Shared& other) const { return value_ == other.value_ || **this == *other; }

 private:
  static const T& fallback() {
    static const T kValue{};
    return kValue;
  }

  std::shared_ptr<const T> value_;
};

}  // namespace config
