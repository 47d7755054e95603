// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "lib/core/result.hpp"
#include "lib/lifecycle/calendar.hpp"

namespace config {

/// A cron expression of five fields. One that never comes is refused, too.
[[nodiscard]] core::Expected<lifecycle::Calendar> parseCron(std::string_view text);

}  // namespace config
