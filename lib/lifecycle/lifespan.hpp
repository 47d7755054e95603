// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "lib/core/clock.hpp"

namespace lifecycle {

/// How long one process of a program may live; 0: for ever.
struct Lifespan {
  core::milliseconds maxRuntime{0};  ///< then it has failed
  core::milliseconds maxAge{0};      ///< then it is replaced
  core::milliseconds jitter{0};      ///< up to which that is later
};

/// What is to happen to a process, and when.
struct Limit {
  enum class Kind { Runtime, Age };
  Kind kind;
  core::Instant when;
};

/// The first limit of a process that was started at `started`, or nullopt. `salt` is a number of its program: the same
/// process always gets the same part of the jitter, and those of several programs get different ones. `mayRenew`: only
/// a program that is RUNNING is replaced.
[[nodiscard]] std::optional<Limit> firstLimit(const Lifespan& span, core::Instant started, std::uint32_t salt,
                                              bool mayRenew) noexcept;

}  // namespace lifecycle
