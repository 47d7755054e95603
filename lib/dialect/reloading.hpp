// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "lib/core/clock.hpp"
#include "lib/core/expansion.hpp"

namespace config {

class SectionReader;

/// How a program is asked to read its own configuration again. At most one of the two is set.
struct Reloading {
  int signal = 0;                    ///< 0: none
  std::string command;               ///< with its arguments; empty: none
  core::milliseconds limit{60'000};  ///< how long the command may run
  bool operator==(const Reloading&) const = default;
  [[nodiscard]] bool given() const noexcept { return signal != 0 || !command.empty(); }
};

/// Reads reload_signal, reload_command and reload_timeout.
void readReloading(SectionReader& in, const core::Names& names, Reloading& reloading);

}  // namespace config
