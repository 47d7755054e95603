// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "lib/core/clock.hpp"

namespace web {

/// The resource usage of one process.
struct Usage {
  std::uint64_t memory = 0;          ///< resident bytes
  std::optional<double> cpuPercent;  ///< of one core since the last sample of the same pid; nothing at the first
};

/// Samples processes with reads that cannot block (core::proc), and keeps the last sample of each to compute its CPU
/// share.
class UsageSampler {
 public:
  /// Nothing if there is no such process.
  [[nodiscard]] std::optional<Usage> sample(pid_t pid);
  /// Forgets processes that were last sampled before `when`: they have ended.
  void forgetBefore(core::Instant when) {
    std::erase_if(last_, [when](const auto& entry) { return entry.second.when < when; });
  }
  /// Forgets all samples: the next one of each process is a first one.
  void clear() { last_ = {}; }

 private:
  struct Last {
    std::uint64_t cpuMicros = 0;
    core::Instant when;
  };
  std::unordered_map<pid_t, Last> last_;
};

}  // namespace web
