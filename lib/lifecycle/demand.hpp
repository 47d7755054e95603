// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "lib/core/clock.hpp"

namespace lifecycle {

/// Counts the starts of a program that connections ask for: one that ends without taking them is not started for ever.
class StartLimit {
 public:
  /// Whether another start at `now` is one of at most `most` in `window`; then it counts.
  [[nodiscard]] bool admit(core::Instant now, int most, core::milliseconds window);
  void forget() noexcept { starts_.clear(); }

 private:
  std::vector<core::Instant> starts_;  ///< ascending
};

/// Since when a running program has nothing to do, as far as looks from time to time show.
class Idleness {
 public:
  /// It runs from now on.
  void begin(core::Instant now) noexcept { since_ = now; }
  /// What a look at `now` has shown. True: it was idle for `limit`.
  [[nodiscard]] bool look(core::Instant now, bool busy, core::milliseconds limit) noexcept {
    if (busy) since_ = now;
    return now - since_ >= limit;
  }
  /// When to look next: when the limit is reached, and at least twice before.
  [[nodiscard]] core::Instant next(core::Instant now, core::milliseconds limit) const noexcept;

 private:
  core::Instant since_{};
};

}  // namespace lifecycle
