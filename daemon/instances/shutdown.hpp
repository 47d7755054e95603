// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/task.hpp"

namespace instances {

class Fleet;

/// Stops all instances, the highest priority number first, those of one number side by side. A manager of the same boot
/// starts them again.
core::Task<> shutDown(Fleet& fleet);

}  // namespace instances
