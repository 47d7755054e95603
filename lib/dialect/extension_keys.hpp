// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "lib/dialect/schema.hpp"

namespace config {

/// The keys of a program that Supervisor does not have and that Extension holds, by topic. None has a default text: a
/// missing key is a struct's default.
inline constexpr auto kExtensionKeys = std::to_array<Key>({
    // pacing
    {"restart_delay"},
    {"restart_delay_max"},
    {"restart_delay_factor"},
    {"restart_limit"},
    {"fatal_retry"},
    // readiness
    {"ready"},
    {"ready_timeout"},
    {"ready_interval"},
    {"notify_access"},
    {"notify_status"},
    // health
    {"health_check"},
    {"health_interval"},
    {"health_timeout"},
    {"health_retries"},
    {"health_start_period"},
    {"health_action"},
    {"watchdog"},
    {"memory_restart"},
    {"memory_interval"},
});

}  // namespace config
