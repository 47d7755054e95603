// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "instance/process/observer.hpp"
#include "lib/core/event_loop.hpp"

namespace process {

class Table;

/// Stops everything, strictly one group at a time: the next one is signalled when the one before has ended. A group of
/// listeners gets a second to finish its events, so that the listeners receive those about the shutdown.
class Shutdown final : private Observer {
 public:
  Shutdown(core::EventLoop& loop, Table& table, std::function<void()> whenDown);
  ~Shutdown() override;
  /// A busy listener may have become idle.
  void goOn() noexcept { step_.schedule(); }

 private:
  void onStateChange(Process& program, const StateChange& change) override;
  void onGroupRemoved(Group&) override { step_.schedule(); }
  void onProcessRemoved(Process&) override { step_.schedule(); }
  void step();
  [[nodiscard]] bool everythingStopped();
  [[nodiscard]] bool mayStop(const Group& group);
  void stop(Group& group);
  void report();

  Table& table_;
  std::function<void()> whenDown_;
  std::size_t left_ = static_cast<std::size_t>(-1);  ///< groups before this place in the table are still to be stopped
  std::string stopping_;                             ///< the group whose stop was begun
  std::string waitingFor_;                           ///< the group of busy listeners
  core::Deferred step_;
  core::Timer patience_;
  core::Timer report_;
};

}  // namespace process
