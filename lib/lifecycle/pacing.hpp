// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/core/clock.hpp"

namespace lifecycle {

/// When a program is started again. The default is Supervisor's: after the n-th of several failed starts a wait of
/// n seconds, after the end of a run none.
struct Pacing {
  std::optional<core::milliseconds> delay;       ///< restart_delay: before each new start; nullopt: as in Supervisor
  std::optional<core::milliseconds> maxDelay;    ///< restart_delay_max
  int factor = 1000;                             ///< restart_delay_factor, in thousandths: what each failure multiplies
  int limit = 0;                                 ///< restart_limit: the most restarts in `limitWindow`; 0: no limit
  core::milliseconds limitWindow{0};             ///< of the limit
  std::optional<core::milliseconds> fatalRetry;  ///< fatal_retry: a FATAL program is started again after so long

  bool operator==(const Pacing&) const = default;
};

/// How long to wait after the n-th failed start in a row, n > 0. `chance`: a random number; delays that grow by a
/// factor are shortened by up to a tenth, so that programs that failed together do not start together for ever.
[[nodiscard]] core::milliseconds delayAfterFailure(const Pacing& pacing, int failures, std::uint32_t chance) noexcept;
/// How long to wait after the n-th short run in a row.
[[nodiscard]] core::milliseconds delayAfterRun(const Pacing& pacing, int runs, std::uint32_t chance) noexcept;
/// "1.5 seconds"
[[nodiscard]] std::string durationText(core::milliseconds duration);

}  // namespace lifecycle
