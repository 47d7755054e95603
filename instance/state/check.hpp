// SPDX-License-Identifier: MIT
#pragma once

#include "instance/state/state.hpp"
#include "lib/core/result.hpp"

namespace state {

/// Whether the parts of a state fit together, so that whoever restores one need not ask: references lead somewhere,
/// names are unique, no number is out of its range. The error is complete.
[[nodiscard]] core::Status check(const State& state);
/// Whether every program that runs has a process. Not part of check(): in a journal, the process of a program that is
/// just being started may be known elsewhere.
[[nodiscard]] core::Status checkProcesses(const State& state);

}  // namespace state
