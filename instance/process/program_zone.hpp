// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/time_zone.hpp"

namespace config {
struct Scheduling;
}

namespace process {

/// The time zone of a program: that of its time_zone, which was there when the configuration was read, or of
/// supervisord.
[[nodiscard]] core::TimeZone zoneOf(const config::Scheduling& settings);

}  // namespace process
