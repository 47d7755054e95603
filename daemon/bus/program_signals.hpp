// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "daemon/instances/status.hpp"
#include "lib/core/event_loop.hpp"

namespace bus {

/// The changes of programs that have not been sent as signals yet: the last one of each program. Owners choose how
/// often their programs change, and every listener pays for every signal. So instances take turns, and changes beyond a
/// rate wait and are replaced by the next change of the same program.
class ProgramSignals {
 public:
  using Emit = std::function<void(const std::string& instance, const instances::ProgramStatus& program)>;
  /// Whether a burst may be sent now.
  using Room = std::function<bool()>;
  /// Signals in one burst. kPause is the time to the next burst.
  static constexpr std::size_t kMost = 256;
  /// Programs of one instance that may have a waiting change. If an owner invents names faster than signals are sent,
  /// the excess is dropped; ListPrograms returns the actual states.
  static constexpr std::size_t kMostWaiting = 20000;
  static constexpr auto kPause = core::milliseconds(50);

  ProgramSignals(core::EventLoop& loop, Emit emit, Room room = {});
  /// The change is sent in the next turn of the loop, or later.
  void add(const std::string& instance, const instances::ProgramStatus& program);
  /// Drops the waiting changes of an instance that was removed.
  void forget(const std::string& instance);
  /// Sends what the rate and the room allow now. Returns whether changes are left.
  bool send();

 private:
  Emit emit_;
  Room room_;
  std::map<std::string, std::map<std::string, instances::ProgramStatus>> waiting_;
  std::string last_;  ///< the instance whose turn was the last
  core::Deferred soon_;
  core::Timer later_;
};

}  // namespace bus
