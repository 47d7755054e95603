// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/expansion.hpp"
#include "lib/lifecycle/dependence.hpp"

namespace config {

class SectionReader;

/// When a program is started and stopped in relation to others, and what its end means to them.
struct Dependences {
  std::vector<lifecycle::Dependence> on;  ///< depends_on
  bool restart = false;                   ///< restart_with_dependencies
  bool oneshot = false;                   ///< type = oneshot: its end with an expected code is success
  /// Before an automatic start: start_delay, and its share of stagger.
  core::milliseconds startDelay{0};
  bool operator==(const Dependences&) const = default;
};

/// Reads depends_on, restart_with_dependencies, type, start_delay and stagger.
void readDependences(SectionReader& in, const core::Names& names, Dependences& dependences);

}  // namespace config
