// SPDX-License-Identifier: MIT
#include "lib/lifecycle/demand.hpp"

namespace lifecycle {
namespace {

/// A connection that is closed between two looks is not seen.
constexpr core::milliseconds kLongestPause = std::chrono::seconds(30);

}  // namespace

bool StartLimit::admit(core::Instant now, int most, core::milliseconds window) {
  std::erase_if(starts_, [&](core::Instant start) { return now - start >= window; });
  if (static_cast<int>(starts_.size()) >= most) return false;
  starts_.push_back(now);
  return true;
}

core::Instant Idleness::next(core::Instant now, core::milliseconds limit) const noexcept {
  const auto pause = std::min(limit / 2, kLongestPause);
  return std::min(now + pause, std::max(since_ + limit, now + core::milliseconds(1)));
}

}  // namespace lifecycle
