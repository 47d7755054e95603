// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "instance/process/foreign.hpp"

namespace process {

/// How a process ended, or that none has, in two bytes.
class End {
 public:
  End() = default;
  /// `waitStatus` is that of a process that has ended, or kStatusUnknown.
  explicit End(int waitStatus) noexcept
      : status_(waitStatus == kStatusUnknown ? kUnknown : static_cast<std::uint16_t>(waitStatus)) {}

  /// The wait status, or kStatusUnknown; nullopt: none has ended.
  [[nodiscard]] std::optional<int> waitStatus() const noexcept {
    if (status_ == kNone) return std::nullopt;
    return status_ == kUnknown ? kStatusUnknown : status_;
  }

 private:
  // Wait statuses of processes that are stopped, not ended.
  static constexpr std::uint16_t kNone = 0x007f;
  static constexpr std::uint16_t kUnknown = 0x017f;
  std::uint16_t status_ = kNone;
};

}  // namespace process
