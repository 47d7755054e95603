// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>

#include <array>

namespace core {

/// A limit of setrlimit(2).
struct ResourceLimitName {
  const char* key;     ///< of the configuration
  int resource;        ///< RLIMIT_*
  bool bytes = false;  ///< an amount of memory or of a file
};

inline constexpr auto kResourceLimits = std::to_array<ResourceLimitName>({
    {"limit_as", RLIMIT_AS, true},
    {"limit_core", RLIMIT_CORE, true},
    {"limit_cpu", RLIMIT_CPU},
    {"limit_data", RLIMIT_DATA, true},
    {"limit_fsize", RLIMIT_FSIZE, true},
    {"limit_locks", RLIMIT_LOCKS},
    {"limit_memlock", RLIMIT_MEMLOCK, true},
    {"limit_msgqueue", RLIMIT_MSGQUEUE, true},
    {"limit_nice", RLIMIT_NICE},
    {"limit_nofile", RLIMIT_NOFILE},
    {"limit_nproc", RLIMIT_NPROC},
    {"limit_rss", RLIMIT_RSS, true},
    {"limit_rtprio", RLIMIT_RTPRIO},
    {"limit_rttime", RLIMIT_RTTIME},
    {"limit_sigpending", RLIMIT_SIGPENDING},
    {"limit_stack", RLIMIT_STACK, true},
});

/// The key of RLIMIT_*; nullptr for another number.
[[nodiscard]] constexpr const char* resourceLimitKey(int resource) noexcept {
  for (const auto& known : kResourceLimits)
    if (known.resource == resource) return known.key;
  return nullptr;
}

}  // namespace core
