// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "lib/core/clock.hpp"

namespace process {

/// "0:05:03", "1 day, 1:00:00", "10 days, 0:00:03"; negative spans are 0:00:00.
[[nodiscard]] std::string uptimeText(core::Duration span);
/// "Nov 21 12:31 AM" in local time, in English whatever the locale.
[[nodiscard]] std::string stopTimeText(std::int64_t wallSeconds);
/// "14:03:05" in local time; on another day than today "Nov 21 14:03:05", and a year later "Nov 21 2027 14:03:05".
[[nodiscard]] std::string clockText(std::int64_t wallSeconds);
/// What the wall clock shows at `when`, to the nearest second, if it is not set until then.
[[nodiscard]] std::int64_t wallSecondsAt(core::Instant when, core::Instant now) noexcept;

}  // namespace process
