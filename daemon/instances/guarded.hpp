// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/task.hpp"

namespace instances {

/// For work on one of many instances that nobody else waits for: its failure is logged, and does not end the work on
/// the others.
core::Task<> guarded(std::string name, core::Task<> work);

}  // namespace instances
