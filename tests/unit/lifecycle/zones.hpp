// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "lib/core/time_zone.hpp"

/// Zones with the changes of 2026, independent of what is installed.
namespace zones {

/// Seconds since the epoch of a date and a time, as UTC.
inline std::int64_t at(int y, unsigned m, unsigned d, int hour = 0, int minute = 0, int second = 0) {
  using namespace std::chrono;
  const sys_seconds when = sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute) + seconds(second);
  return when.time_since_epoch().count();
}

inline core::UtcOffset zone(std::int64_t first, std::vector<std::pair<std::int64_t, std::int64_t>> changes) {
  return [first, changes = std::move(changes)](std::int64_t when) {
    auto offset = first;
    for (const auto& [since, next] : changes)
      if (when >= since) offset = next;
    return offset;
  };
}

inline core::UtcOffset utc() { return zone(0, {}); }
inline core::UtcOffset berlin() { return zone(3600, {{at(2026, 3, 29, 1), 7200}, {at(2026, 10, 25, 1), 3600}}); }
inline core::UtcOffset newYork() {
  return zone(-5 * 3600, {{at(2026, 3, 8, 7), -4 * 3600}, {at(2026, 11, 1, 6), -5 * 3600}});
}
inline core::UtcOffset lordHowe() {
  return zone(11 * 3600, {{at(2026, 4, 4, 15), 10 * 3600 + 1800}, {at(2026, 10, 3, 15, 30), 11 * 3600}});
}
inline core::UtcOffset kathmandu() { return zone(5 * 3600 + 45 * 60, {}); }

}  // namespace zones
