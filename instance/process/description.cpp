// SPDX-License-Identifier: MIT
#include "instance/process/description.hpp"

#include <time.h>

#include <algorithm>

#include <fmt/core.h>

namespace process {

std::string uptimeText(core::Duration span) {
  const auto total = std::max<std::int64_t>(0, std::chrono::duration_cast<core::seconds>(span).count());
  const auto days = total / 86400;
  const auto clock = fmt::format("{}:{:02}:{:02}", total / 3600 % 24, total / 60 % 60, total % 60);
  return days == 0 ? clock : fmt::format("{} day{}, {}", days, days == 1 ? "" : "s", clock);
}

std::string stopTimeText(std::int64_t wallSeconds) {
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto when = static_cast<time_t>(wallSeconds);
  tm local{};
  ::localtime_r(&when, &local);
  const int hour = local.tm_hour % 12 == 0 ? 12 : local.tm_hour % 12;
  return fmt::format("{} {:02} {:02}:{:02} {}", months[local.tm_mon], local.tm_mday, hour, local.tm_min,
                     local.tm_hour < 12 ? "AM" : "PM");
}

}  // namespace process
