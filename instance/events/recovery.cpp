// SPDX-License-Identifier: MIT
#include "instance/events/recovery.hpp"

#include <algorithm>

namespace events {

core::seconds BackOff::next(bool improved) noexcept {
  constexpr core::seconds first{1};
  constexpr core::seconds longest{60};
  last_ = improved || last_ == core::seconds{0} ? first : std::min(last_ * 2, longest);
  return last_;
}

}  // namespace events
