// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "lib/core/clock.hpp"

namespace core {

/// What somebody may make us do in a while: it fills up steadily to its limit, work is taken from it, and who has used
/// it up waits. Without I/O; the clock is the caller's.
class Budget {
 public:
  /// Full at first.
  Budget(std::uint64_t limit, std::uint64_t perSecond, Instant now);

  [[nodiscard]] bool isEmpty(Instant now);
  /// Takes `cost`, more than there is at the most: that is a debt.
  void spend(std::uint64_t cost, Instant now);
  /// The time until a quarter of the limit is there, so that who waits is not woken for little.
  [[nodiscard]] Duration wait(Instant now);

 private:
  void fill(Instant now);

  std::int64_t limit_;
  std::int64_t perSecond_;
  std::int64_t left_;
  Instant filled_;
};

}  // namespace core
