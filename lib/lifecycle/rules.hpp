// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "lib/core/clock.hpp"

namespace lifecycle {

enum class Restart { Never, Unexpected, Always };

/// How to run one program. Owned by the caller, and read by the machine at every step, so that a change takes effect.
struct Rules {
  core::seconds startSeconds{1};  ///< it must run that long to count as started
  core::seconds stopWait{10};     ///< between the stop signal and each SIGKILL
  int startRetries = 3;
  int stopSignal = 15;
  Restart restart = Restart::Unexpected;
  bool stopAsGroup = false;
  bool killAsGroup = false;
  bool mayStart = true;  ///< false while the supervisor itself shuts down: no retries and no automatic restarts
  std::span<const int> exitCodes;

  [[nodiscard]] bool expects(int exitCode) const noexcept {
    for (const int code : exitCodes)
      if (code == exitCode) return true;
    return false;
  }
};

}  // namespace lifecycle
