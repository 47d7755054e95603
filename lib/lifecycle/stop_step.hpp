// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>

#include <algorithm>
#include <cstddef>

#include "lib/lifecycle/rules.hpp"

namespace lifecycle {

/// How many signals a stop has before the last SIGKILL, at least one.
[[nodiscard]] inline int countStopSteps(const Rules& rules) noexcept {
  return std::max(1, static_cast<int>(rules.stopSteps.size()));
}

/// One step of a stop, from 0 on: its signal, and how long to wait before the next one. Behind the last step it is
/// SIGKILL, again and again.
[[nodiscard]] inline StopStep stopStep(const Rules& rules, int number) noexcept {
  const auto index = static_cast<std::size_t>(std::max(number, 0));
  if (index < rules.stopSteps.size()) return rules.stopSteps[index];
  if (index == 0) return {rules.stopSignal, rules.stopWait};
  return {SIGKILL, rules.stopWait};
}

}  // namespace lifecycle
