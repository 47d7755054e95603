// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>

#include "lib/core/clock.hpp"
#include "lib/lifecycle/pacing.hpp"

namespace lifecycle {

enum class Restart { Never, Unexpected, Always };

/// One step of a stop: a signal, and how long to wait for the end before the next step.
struct StopStep {
  int signal = 15;
  core::milliseconds wait{10'000};
  bool operator==(const StopStep&) const = default;
};

/// How to run one program. Owned by the caller, and read by the machine at every step, so that a change takes effect.
struct Rules {
  core::seconds startSeconds{1};  ///< it must run that long to count as started
  core::seconds stopWait{10};     ///< between the stop signal and each SIGKILL
  int startRetries = 3;
  int stopSignal = 15;
  Restart restart = Restart::Unexpected;
  bool stopAsGroup = false;
  bool killAsGroup = false;
  const Pacing* pacing = nullptr;          ///< nullptr: Supervisor's
  std::span<const StopStep> stopSteps;     ///< instead of stopSignal and stopWait; SIGKILL follows the last one
  bool stopCommand = false;                ///< a stop begins with a command instead of a signal
  core::milliseconds stopCommandLimit{0};  ///< how long that command may run
  bool oneshot = false;                    ///< an end with an expected code is success, however early
  bool awaitReady = false;                 ///< STARTING lasts until input::Ready, and not for startSeconds
  core::milliseconds readyTimeout{0};      ///< then the start has failed; 0: never
  std::uint32_t chance = 0;                ///< a random number, for the jitter of delays
  bool held = false;     ///< something that it depends on is missing: no retries and no automatic restarts for now
  bool mayStart = true;  ///< false while the supervisor itself shuts down: no retries and no automatic restarts
  std::span<const int> exitCodes;

  /// How long a start may take until it has succeeded, or with awaitReady failed.
  [[nodiscard]] core::milliseconds startLimit() const noexcept { return awaitReady ? readyTimeout : startSeconds; }
  [[nodiscard]] bool expects(int exitCode) const noexcept {
    for (const int code : exitCodes)
      if (code == exitCode) return true;
    return false;
  }
};

}  // namespace lifecycle
