// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "lib/core/time_zone.hpp"

namespace lifecycle {

struct Timetable;

/// When a program runs: the same hours on some days of the week.
struct WindowPart {
  unsigned days = 0x7f;  ///< on which it begins; bit 0 is Sunday
  int begin = 0;         ///< minutes since midnight, below 1440
  int end = 1440;        ///< the same, up to 1440; not after `begin`: on the next day
  bool operator==(const WindowPart&) const = default;
};
/// Open when one of the parts is.
using RunWindow = std::vector<WindowPart>;

/// Whether a window is open at a moment, and when that may change. Times are seconds since the epoch.
struct WindowState {
  bool open = true;
  std::int64_t change = 0;   ///< to be looked at again; it may still be as it was. 0: never
  std::int64_t opening = 0;  ///< the next one after that moment; 0: none is near
  bool operator==(const WindowState&) const = default;
};

/// By the clock on the wall of a zone: a time that the clock skips is the first moment after the gap, and one that
/// comes twice is the first of the two. An empty window is always open.
[[nodiscard]] WindowState windowAt(const RunWindow& window, std::int64_t now, const core::UtcOffset& offset);

/// Whether the parts leave no minute of the week: such a window never closes.
[[nodiscard]] bool coversWeek(const RunWindow& window);

/// Whether a run of the timetable can be due while the window is open, by the days of the week and the times of the
/// day. Always for one of `every`.
[[nodiscard]] bool everWithin(const Timetable& timetable, const RunWindow& window);

}  // namespace lifecycle
