// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>

#include "lib/core/clock.hpp"

namespace lifecycle {

/// When a row of changes is answered: after a time without a further one. A stream of changes cannot postpone that for
/// ever: it waits ten times as long, at most.
class QuietTime {
 public:
  static constexpr int kMostDelays = 10;

  void changed(core::Instant now) noexcept {
    if (!first_) first_ = now;
    last_ = std::max(now, *first_);
  }
  void clear() noexcept { first_.reset(); }
  [[nodiscard]] bool pending() const noexcept { return first_.has_value(); }
  /// nullopt: nothing has changed.
  [[nodiscard]] std::optional<core::Instant> due(core::Duration delay) const noexcept {
    if (!first_) return std::nullopt;
    return std::min(last_ + delay, *first_ + kMostDelays * delay);
  }

 private:
  std::optional<core::Instant> first_;
  core::Instant last_{};
};

}  // namespace lifecycle
