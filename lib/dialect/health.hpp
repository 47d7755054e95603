// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "lib/core/expansion.hpp"
#include "lib/dialect/probe_target.hpp"
#include "lib/lifecycle/health.hpp"

namespace config {

class SectionReader;

/// How a running program is watched, and what follows if it does not work.
struct Health {
  enum class Action : std::uint8_t { None, Restart, Stop, Signal };
  ProbeTarget check;  ///< Kind::None: it is not asked
  lifecycle::HealthRules rules;
  Action action = Action::Restart;
  int signal = 0;                ///< Action::Signal
  std::int64_t memoryLimit = 0;  ///< memory_restart: the program and its descendants in bytes; 0: no limit
  core::milliseconds memoryInterval{10'000};

  bool operator==(const Health&) const = default;
};

/// Reads health_check, health_interval, health_timeout, health_retries, health_start_period, health_action, watchdog,
/// memory_restart and memory_interval.
void readHealth(SectionReader& in, const core::Names& names, Health& health);

}  // namespace config
