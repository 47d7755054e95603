// SPDX-License-Identifier: MIT
#pragma once

#include <set>

#include "instance/process/observer.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

class ProcessContext;

/// Notes which programs with autostart=last run, so that supervisord continues with them after a reboot. Only there if
/// a program has that key.
class LastStates final : public Observer {
 public:
  explicit LastStates(ProcessContext& context);

  /// It has been taken over from a predecessor, which may not have come to note it.
  void takenOver(Process& program);
  /// It is destroyed.
  void forget(Process& program) noexcept { changed_.erase(&program); }

  void onStateChange(Process& program, const StateChange& change) override;
  void onProcessRemoved(Process& program) override { forget(program); }
  /// The stops of a shutdown do not count.
  void onSupervisorState(SupervisorState supervisorState) override;

 private:
  void note();

  ProcessContext& context_;
  std::set<Process*> changed_;  ///< since the last note()
  core::Timer timer_;           ///< for note(): a program that is restarted is not noted twice
};

}  // namespace process
