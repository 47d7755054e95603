// SPDX-License-Identifier: MIT
#include "instance/process/program_zone.hpp"

#include <utility>

#include "lib/core/log.hpp"
#include "lib/dialect/scheduling.hpp"

namespace process {

core::TimeZone zoneOf(const config::Scheduling& settings) {
  if (settings.zone.empty()) return {};
  auto zone = core::TimeZone::find(settings.zone);
  if (!zone) logging::warn("time_zone: {}; local time is used", zone.error().text);
  return zone ? std::move(zone).value() : core::TimeZone();
}

}  // namespace process
