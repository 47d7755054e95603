// SPDX-License-Identifier: MIT
#include "instance/process/description.hpp"

#include <time.h>

#include <algorithm>

#include <fmt/core.h>

namespace process {
namespace {

constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

constexpr std::int64_t kYear = std::int64_t{365} * 86400;

tm localTime(std::int64_t wallSeconds) noexcept {
  const auto when = static_cast<time_t>(wallSeconds);
  tm local{};
  ::localtime_r(&when, &local);
  return local;
}

}  // namespace

std::string uptimeText(core::Duration span) {
  const auto total = std::max<std::int64_t>(0, std::chrono::duration_cast<core::seconds>(span).count());
  const auto days = total / 86400;
  const auto clock = fmt::format("{}:{:02}:{:02}", total / 3600 % 24, total / 60 % 60, total % 60);
  return days == 0 ? clock : fmt::format("{} day{}, {}", days, days == 1 ? "" : "s", clock);
}

std::string stopTimeText(std::int64_t wallSeconds) {
  const auto local = localTime(wallSeconds);
  const int hour = local.tm_hour % 12 == 0 ? 12 : local.tm_hour % 12;
  return fmt::format("{} {:02} {:02}:{:02} {}", kMonths[local.tm_mon], local.tm_mday, hour, local.tm_min,
                     local.tm_hour < 12 ? "AM" : "PM");
}

std::string clockText(std::int64_t wallSeconds) {
  const auto local = localTime(wallSeconds), today = localTime(core::wallSeconds());
  auto clock = fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
  if (local.tm_yday == today.tm_yday && local.tm_year == today.tm_year) return clock;
  if (wallSeconds - core::wallSeconds() > kYear)
    return fmt::format("{} {:02} {} {}", kMonths[local.tm_mon], local.tm_mday, local.tm_year + 1900, clock);
  return fmt::format("{} {:02} {}", kMonths[local.tm_mon], local.tm_mday, clock);
}

std::int64_t wallSecondsAt(core::Instant when, core::Instant now) noexcept {
  const auto micros = core::wallMicros() + std::chrono::duration_cast<core::microseconds>(when - now).count();
  return (micros + 500'000) / 1'000'000;
}

}  // namespace process
