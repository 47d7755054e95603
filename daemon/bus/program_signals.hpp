// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "daemon/instances/status.hpp"
#include "lib/core/budget.hpp"
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
  /// The share of one instance: signals in one flood, and per second while it continues. The largest instance, of
  /// 10,000 programs, restarts three times at full speed; after that its changes wait and are replaced by later ones.
  static constexpr std::uint64_t kShare = 32768;
  static constexpr std::uint64_t kSharePerSecond = 256;

  ProgramSignals(core::EventLoop& loop, Emit emit, Room room = {});
  /// The change is sent in the next turn of the loop, or later.
  void add(const std::string& instance, const instances::ProgramStatus& program);
  /// Drops the waiting changes of an instance that was removed.
  void forget(const std::string& instance);
  /// Sends what the shares, the rate and the room allow now. Returns whether changes are left.
  bool send();

 private:
  core::Budget& shareOf(const std::string& instance, core::Instant now);

  Emit emit_;
  Room room_;
  std::map<std::string, std::map<std::string, instances::ProgramStatus>> waiting_;
  std::unordered_map<std::string, core::Budget> shares_;  ///< of the instances that have had changes
  std::string last_;                                      ///< the instance whose turn was the last
  core::Deferred soon_;
  core::Timer later_;
};

}  // namespace bus
