// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "dbus/sdbus_compat.hpp"
#include "lib/core/completion.hpp"

namespace bus {

/// A callback for an asynchronous call of sdbus-c++, which copies its callbacks: completes `done` with the returned
/// value, or with nothing if the call failed.
template <class T>
[[nodiscard]] auto completing(core::Completion<std::optional<T>> done) {
  return [kept = std::make_shared<core::Completion<std::optional<T>>>(std::move(done))](MethodError error,
                                                                                        const T& value) {
    std::optional<T> returned;
    if (!failed(error)) returned = value;
    (*kept)(std::move(returned));
  };
}

}  // namespace bus
