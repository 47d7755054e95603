// SPDX-License-Identifier: MIT
#include "instance/process/program_zone.hpp"

#include "lib/core/log.hpp"
#include "lib/dialect/scheduling.hpp"

namespace process {

core::UtcOffset offsetOf(const config::Scheduling& settings) {
  if (settings.zone.empty()) return core::TimeZone().offset();
  const auto zone = core::TimeZone::find(settings.zone);
  if (!zone) logging::warn("time_zone: {}; local time is used", zone.error().text);
  return zone ? zone->offset() : core::TimeZone().offset();
}

}  // namespace process
