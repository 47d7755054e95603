// SPDX-License-Identifier: MIT
#include "instance/web/usage.hpp"

#include "lib/core/proc_files.hpp"

namespace web {

std::optional<Usage> UsageSampler::sample(pid_t pid) {
  const auto used = core::proc::usageOf(pid);
  if (!used) {
    last_.erase(pid);
    return std::nullopt;
  }
  Usage usage{used->memory, std::nullopt};
  const Last now{used->cpuMicros, core::Clock::now()};
  auto& last = last_[pid];
  // Less CPU time than before means another process with a reused pid.
  if (last.when != core::Instant{} && now.cpuMicros >= last.cpuMicros) {
    const double elapsed = std::chrono::duration<double, std::micro>(now.when - last.when).count();
    if (elapsed > 0) usage.cpuPercent = 100 * static_cast<double>(now.cpuMicros - last.cpuMicros) / elapsed;
  }
  last = now;
  return usage;
}

}  // namespace web
