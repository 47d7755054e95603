// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/clock.hpp"

namespace events {

/// How long to wait before a listener that violated the protocol is restarted: 1, 2, 4 ... 60 seconds, and from 1 again
/// once it has processed an event between two violations.
class BackOff {
 public:
  [[nodiscard]] core::seconds next(bool improved) noexcept;

 private:
  core::seconds last_{0};
};

}  // namespace events
