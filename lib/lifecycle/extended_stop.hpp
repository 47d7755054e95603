// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "lib/core/clock.hpp"
#include "lib/lifecycle/state.hpp"

namespace lifecycle {

/// How far a program can put off its end by asking for more time while it is being stopped. Without a bound, one that
/// asks again and again would hold up a restart, or the end of its supervisor, for ever.
class ExtendedStop {
 public:
  static constexpr core::Duration kMost = std::chrono::hours(1);

  /// The program enters this state.
  void entered(ProcessState state, core::Instant now) noexcept {
    latest_ = state == ProcessState::Stopping ? now + kMost : core::Instant::max();
  }
  /// What it gets of the time that it asks for.
  [[nodiscard]] core::Instant granted(core::Instant wanted) const noexcept { return std::min(wanted, latest_); }

 private:
  core::Instant latest_ = core::Instant::max();
};

}  // namespace lifecycle
