// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "lib/core/expansion.hpp"

namespace config {

class SectionReader;

/// A limit of setrlimit(2).
struct ResourceLimit {
  int resource = 0;  ///< RLIMIT_*
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;

  bool operator==(const ResourceLimit&) const = default;
};

/// What the kernel grants a program. The default: what supervisord has.
struct Limits {
  std::vector<ResourceLimit> resources;  ///< limit_*
  std::optional<int> nice;
  std::optional<int> ioPriority;              ///< ionice, as of ioprio_set(2)
  std::vector<int> processors;                ///< cpu_affinity, ascending
  std::optional<std::uint64_t> capabilities;  ///< one bit each
  bool noNewPrivileges = false;

  bool operator==(const Limits&) const = default;
};

/// Reads limit_*, nice, ionice, cpu_affinity, capabilities and no_new_privileges.
void readLimits(SectionReader& in, const core::Names& names, Limits& limits);

}  // namespace config
