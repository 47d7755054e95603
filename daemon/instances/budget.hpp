// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "lib/core/clock.hpp"

namespace instances {

/// What an account may make the manager do in a while: it fills up steadily to its limit, work is taken from it, and
/// who has used it up waits. Without I/O; the clock is the caller's.
class Budget {
 public:
  /// Full at first.
  Budget(std::uint64_t limit, std::uint64_t perSecond, core::Instant now);

  [[nodiscard]] bool isEmpty(core::Instant now);
  /// Takes `cost`, more than there is at the most: that is a debt.
  void spend(std::uint64_t cost, core::Instant now);
  /// The time until a quarter of the limit is there, so that who waits is not woken for little.
  [[nodiscard]] core::Duration wait(core::Instant now);

 private:
  void fill(core::Instant now);

  std::int64_t limit_;
  std::int64_t perSecond_;
  std::int64_t left_;
  core::Instant filled_;
};

}  // namespace instances
