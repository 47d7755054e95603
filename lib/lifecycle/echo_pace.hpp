// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>

#include "lib/core/clock.hpp"

namespace lifecycle {

/// Slows down what is done to a program because of changes that it probably makes itself: those that come soon after it
/// was started, again and again. Without I/O: times are passed in.
class EchoPace {
 public:
  /// A change that comes later has another reason, and ends the row.
  static constexpr core::seconds kSoon{10};
  /// So many answers in a row come without a pause.
  static constexpr int kFree = 3;
  /// So many in a row are reported.
  static constexpr int kMany = 5;
  static constexpr core::seconds kFirstPause{1};
  static constexpr core::seconds kLongestPause{10};

  /// The program was started.
  void began(core::Instant now) noexcept { began_ = now; }
  /// The first change that is to be answered next.
  void changed(core::Instant now) noexcept {
    if (!began_ || now - *began_ > kSoon) inRow_ = 0;
  }
  /// The change is answered. True: there have been many in a row now, which is to be reported, once.
  [[nodiscard]] bool answered(core::Instant now) noexcept {
    began_ = now;
    inRow_ = std::min(inRow_ + 1, kMost);
    return inRow_ == kMany;
  }
  /// Not before this time is the change answered.
  [[nodiscard]] core::Instant earliest() const noexcept { return began_.value_or(core::Instant()) + pause(); }
  /// The settings are others: a new row begins.
  void reset() noexcept { inRow_ = 0; }

 private:
  static constexpr int kMost = 20;

  [[nodiscard]] core::seconds pause() const noexcept {
    if (inRow_ < kFree) return core::seconds(0);
    return std::min(kLongestPause, kFirstPause * (1 << (inRow_ - kFree)));
  }

  int inRow_ = 0;
  std::optional<core::Instant> began_;
};

}  // namespace lifecycle
