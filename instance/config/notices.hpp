// SPDX-License-Identifier: MIT
#pragma once

#include "lib/dialect/context.hpp"

namespace config {

/// Warns of sections and keys that look like slips of the pen, and of keys of Supervisor 2 with today's names. What
/// resembles nothing is left alone: other programs keep their settings in the same files.
void noteUnusual(Context& context);

}  // namespace config
