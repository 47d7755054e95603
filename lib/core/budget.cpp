// SPDX-License-Identifier: MIT
#include "lib/core/budget.hpp"

#include <algorithm>

namespace core {

Budget::Budget(std::uint64_t limit, std::uint64_t perSecond, Instant now)
    : limit_(static_cast<std::int64_t>(limit)),
      perSecond_(static_cast<std::int64_t>(perSecond)),
      left_(limit_),
      filled_(now) {}

bool Budget::isEmpty(Instant now) {
  fill(now);
  return left_ <= 0;
}

void Budget::spend(std::uint64_t cost, Instant now) {
  fill(now);
  left_ -= static_cast<std::int64_t>(cost);
}

Duration Budget::wait(Instant now) {
  fill(now);
  const auto missing = std::max<std::int64_t>(0, limit_ / 4 - left_);
  return microseconds(missing * 1'000'000 / perSecond_ + 1);
}

void Budget::fill(Instant now) {
  const auto passed = std::chrono::duration_cast<microseconds>(now - filled_).count();
  // Microseconds until it is full. With more time than that, the product below could overflow.
  const auto full = (limit_ - left_) * 1'000'000 / perSecond_ + 1;
  if (passed >= full) {
    left_ = limit_;
    filled_ = now;
  } else if (const auto more = passed * perSecond_ / 1'000'000; more > 0) {
    left_ += more;
    filled_ = now;
  }
}

}  // namespace core
