// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "lib/core/clock.hpp"

namespace core {

/// A limit on the work that one client can cause: a token bucket. It refills at a constant rate up to its limit, work
/// is taken from it, and a client that has used it up waits. Without I/O; the caller passes the time.
class Budget {
 public:
  /// Full at first.
  Budget(std::uint64_t limit, std::uint64_t perSecond, Instant now);

  [[nodiscard]] bool isEmpty(Instant now);
  /// Takes `cost`. More than is left becomes a debt.
  void spend(std::uint64_t cost, Instant now);
  /// The time until a quarter of the limit is there, so that a waiting client is not woken for little work.
  [[nodiscard]] Duration wait(Instant now);

 private:
  void fill(Instant now);

  std::int64_t limit_;
  std::int64_t perSecond_;
  std::int64_t left_;
  Instant filled_;
};

}  // namespace core
