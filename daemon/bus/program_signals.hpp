// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "daemon/instances/status.hpp"
#include "lib/core/event_loop.hpp"

namespace bus {

/// The changes of programs that are still to be sent as signals: for each program the last one. Owners choose how often
/// their programs change, and a signal costs every listener something: instances take turns, and what exceeds a rate
/// waits, and is replaced by the next change of the same program.
class ProgramSignals {
 public:
  using Emit = std::function<void(const std::string& instance, const instances::ProgramStatus& program)>;
  /// Signals sent at once, and the pause after that many.
  static constexpr std::size_t kMost = 256;
  /// Programs of one instance of which a change may wait. An owner that invents names faster than they can be told
  /// loses what is too much: ListPrograms has the truth.
  static constexpr std::size_t kMostWaiting = 20000;
  static constexpr auto kPause = core::milliseconds(50);

  ProgramSignals(core::EventLoop& loop, Emit emit);
  /// Sent in the next turn of the loop, or later.
  void add(const std::string& instance, const instances::ProgramStatus& program);
  /// The instance is gone, with what was to be said of it.
  void forget(const std::string& instance);
  /// Sends what may be sent now. Returns whether something is left.
  bool send();

 private:
  Emit emit_;
  std::map<std::string, std::map<std::string, instances::ProgramStatus>> waiting_;
  std::string last_;  ///< the instance whose turn was the last
  core::Deferred soon_;
  core::Timer later_;
};

}  // namespace bus
