// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/expansion.hpp"

namespace config {

class SectionReader;
struct Reloading;

/// Files and directories whose changes have a consequence for a program.
struct Watching {
  enum class Action : std::uint8_t { Restart, Reload, Signal };
  std::vector<std::string> paths;    ///< absolute; empty: nothing is watched, and the others do not count
  std::vector<std::string> ignored;  ///< fnmatch(3) patterns for names below a watched directory
  Action action = Action::Restart;
  int signal = 0;                 ///< for Action::Signal
  core::milliseconds delay{500};  ///< without a further change, before it is done
  bool operator==(const Watching&) const = default;
};

/// Reads watch, watch_action, watch_delay and watch_ignore.
void readWatching(SectionReader& in, const core::Names& names, const Reloading& reloading, Watching& watching);

}  // namespace config
