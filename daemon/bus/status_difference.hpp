// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/instances/status.hpp"

namespace bus {

/// A hash of each property whose changes are signalled: enough to find which changed, in a fifth of the memory of a
/// status.
class StatusDigest {
 public:
  static constexpr std::size_t kProperties = 31;
  StatusDigest() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): statuses are compared as they are
  StatusDigest(const instances::InstanceStatus& status);

 private:
  friend std::vector<std::string> changedProperties(const StatusDigest& was, const StatusDigest& now);
  friend bool differInProgramsOnly(const StatusDigest& was, const StatusDigest& now) noexcept;
  std::array<std::uint64_t, kProperties> hashes_{};
};

/// The properties of org.supervisormanager1.Instance that differ between `was` and `now`, for PropertiesChanged. Those
/// that change all the time, such as MemoryCurrent, are not signalled.
[[nodiscard]] std::vector<std::string> changedProperties(const StatusDigest& was, const StatusDigest& now);
/// Whether the numbers of programs differ, and nothing else.
[[nodiscard]] bool differInProgramsOnly(const StatusDigest& was, const StatusDigest& now) noexcept;

}  // namespace bus
