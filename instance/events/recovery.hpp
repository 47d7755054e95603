// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/clock.hpp"

namespace events {

/// How long to wait before a listener that violated the protocol is restarted: 1, 2, 4 ... 60 seconds, and from 1 again
/// once it has processed an event between two violations.
class BackOff {
 public:
  static constexpr core::seconds kLongest{60};
  /// The next delay; `improved`: an event was processed since the last one.
  [[nodiscard]] core::seconds next(bool improved) noexcept {
    constexpr core::seconds first{1};
    last_ = improved || last_ == core::seconds{0} ? first : last_ * 2 < kLongest ? last_ * 2 : kLongest;
    return last_;
  }
  /// The last delay; 0 before the first one.
  [[nodiscard]] core::seconds last() const noexcept { return last_; }
  /// Continues after that delay.
  void restore(core::seconds last) noexcept { last_ = last; }

 private:
  core::seconds last_{0};
};

}  // namespace events
