// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/time_zone.hpp"

namespace config {
struct Scheduling;
}

namespace process {

/// The local time of a program: that of its time_zone, which was there when the configuration was read, or of
/// supervisord.
[[nodiscard]] core::UtcOffset offsetOf(const config::Scheduling& settings);

}  // namespace process
