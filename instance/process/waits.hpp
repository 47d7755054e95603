// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace process {

/// Which of the programs that depend on one are stopped before it.
enum class Along : std::uint8_t {
  Nobody,
  Restarting,  ///< those with restart_with_dependencies
  All,
};

/// What a program waits for because of others, see Order.
struct Waits {
  bool held : 1 = false;           ///< it is not started by itself for now: something that it depends on is missing
  bool start : 1 = false;          ///< it is to be started as soon as possible
  Along stop : 2 = Along::Nobody;  ///< it is to be stopped when these have ended
};

}  // namespace process
