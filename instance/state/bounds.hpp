// SPDX-License-Identifier: MIT
#pragma once

#include "instance/state/state.hpp"
#include "lib/core/result.hpp"

namespace state {

/// Whether times and counts of what runs are such that one can calculate with them: a time of a distant century
/// overflows when something is added. What a supervisord writes is within these bounds. The error is complete.
[[nodiscard]] core::Status checkBounds(const State& state);

}  // namespace state
