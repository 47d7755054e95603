// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "daemon/instances/context.hpp"
#include "daemon/instances/status.hpp"

namespace instances {

/// What one instance and its processes use. A reading is kept for a moment, since a client that shows all instances
/// asks for many of them.
class UsageMeter {
 public:
  /// A process is about to start: what its control group has used until now is not this run's.
  void begin(const InstanceContext& context, const std::string& instance);
  /// The same for a run that an earlier manager began.
  void resume(std::uint64_t cpuBefore) noexcept { cpuBefore_ = cpuBefore; }
  /// The next reading is of another process.
  void forget() noexcept { readAt_ = {}; }
  [[nodiscard]] Usage read(InstanceContext& context, const std::string& instance, pid_t mainPid);
  /// Microseconds that the control group had used before this run.
  [[nodiscard]] std::uint64_t cpuBefore() const noexcept { return cpuBefore_; }

 private:
  std::uint64_t cpuBefore_ = 0;
  Usage usage_;
  core::Instant readAt_{};  // zero: never, or of another process
};

}  // namespace instances
