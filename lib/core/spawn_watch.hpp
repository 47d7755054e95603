// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "lib/core/event_loop.hpp"
#include "lib/core/spawn.hpp"

namespace core {

/// Watches a child between fork and exec, from the loop. A child that is stopped or hangs is killed after a second
/// and is a failed start (SpawnStep::Time); one that only waits for a processor gets up to ten.
class SpawnWatch {
 public:
  /// Called once, never from the constructor. With an error the child has been killed; it is still to be reaped.
  using Done = std::function<void(const SpawnReport& report)>;

  /// Takes over `child`'s report; the child must have one.
  SpawnWatch(EventLoop& loop, Spawned child, Done done);

  /// Reads the report now. Call it when the child has ended, so that its report comes before its end. May call `done`.
  void check();

 private:
  void onTime();
  void finish();

  Spawned child_;
  Done done_;
  SpawnReport report_;
  int seconds_ = 0;
  std::unique_ptr<IoWatch> watch_;
  Timer timer_;
};

}  // namespace core
