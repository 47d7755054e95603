// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "lib/core/clock.hpp"

namespace web {

/// What one process takes at a moment.
struct Usage {
  std::uint64_t memory = 0;          ///< resident bytes
  std::optional<double> cpuPercent;  ///< of one core since the last sample of the same pid; nothing at the first
};

/// Samples processes, by what cannot block (core::proc); remembers the last sample of each to tell the share of a core.
class UsageSampler {
 public:
  /// Nothing if there is no such process.
  [[nodiscard]] std::optional<Usage> sample(pid_t pid);
  /// Forgets processes that were last sampled before `when`: they are gone.
  void forgetBefore(core::Instant when) {
    std::erase_if(last_, [when](const auto& entry) { return entry.second.when < when; });
  }
  /// Forgets all samples: what comes next is a first one.
  void clear() { last_ = {}; }

 private:
  struct Last {
    std::uint64_t cpuMicros = 0;
    core::Instant when;
  };
  std::unordered_map<pid_t, Last> last_;
};

}  // namespace web
