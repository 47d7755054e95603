// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/expansion.hpp"
#include "lib/core/result.hpp"
#include "lib/lifecycle/schedule.hpp"

namespace config {

class SectionReader;

/// The times at which a program is started by itself.
struct Scheduling {
  lifecycle::Timetable timetable;
  std::string zone;  ///< time_zone, checked; empty: local time of supervisord
  bool operator==(const Scheduling&) const = default;
  [[nodiscard]] bool given() const noexcept { return timetable.given(); }
};

/// A cron expression of five fields, "@daily" and the like, or "@every 5m": calendar and every of the result.
[[nodiscard]] core::Expected<lifecycle::Timetable> parseSchedule(std::string_view text);

/// Reads schedule, schedule_overlap, schedule_jitter and time_zone.
void readScheduling(SectionReader& in, const core::Names& names, Scheduling& scheduling);

}  // namespace config
