// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/expansion.hpp"
#include "lib/lifecycle/pacing.hpp"

namespace config {

class SectionReader;

/// Reads restart_delay, restart_delay_max, restart_delay_factor, restart_limit and fatal_retry.
void readPacing(SectionReader& in, const core::Names& names, lifecycle::Pacing& pacing);

}  // namespace config
