// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "lib/core/time_zone.hpp"

namespace lifecycle {

/// The minutes that a cron expression means, as sets of bits: bit n for the value n.
///
/// A day has to be one of `days` and one of `weekdays`; if both fields are restricted, one of them is enough, as in
/// Vixie cron.
///
/// When the clocks are changed: a job of fixed hours whose time is skipped comes at the first moment after the gap,
/// once, and one whose time comes twice comes the first time only. A job of every hour follows the clock on the wall:
/// what is skipped does not come, and what is shown twice comes twice, so that it keeps its distance in real time.
struct Calendar {
  std::uint64_t minutes = 0;   ///< 0 to 59
  std::uint32_t hours = 0;     ///< 0 to 23
  std::uint32_t days = 0;      ///< of the month: 1 to 31
  std::uint32_t months = 0;    ///< 1 to 12
  std::uint32_t weekdays = 0;  ///< 0 to 6 from Sunday on
  bool everyHour = false;      ///< the field begins with an asterisk, also if it has a step
  bool everyDay = false;       ///< the same
  bool everyWeekday = false;   ///< the same

  bool operator==(const Calendar&) const = default;
  /// Whether it means anything.
  [[nodiscard]] bool given() const noexcept { return minutes != 0; }
};

/// The first time of the calendar after `after`; both are seconds since the epoch. nullopt: it never comes, as the 30th
/// of February. `offset` is asked a few times, also in the days around.
[[nodiscard]] std::optional<std::int64_t> nextTime(const Calendar& calendar, std::int64_t after,
                                                   const core::UtcOffset& offset);

/// Whether there is a day that it means.
[[nodiscard]] bool everComes(const Calendar& calendar);

}  // namespace lifecycle
