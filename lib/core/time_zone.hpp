// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace core {

inline constexpr std::int64_t kDaySeconds = 86'400;  ///< of a calendar without zones

/// The seconds that local time is ahead of UTC at a time, which is given in seconds since the epoch.
using UtcOffset = std::function<std::int64_t(std::int64_t when)>;

/// A time zone of the system's zoneinfo directory, or the local time of this process.
///
/// glibc knows one zone at a time, so a question about another one exchanges TZ for the length of a call: only for
/// processes with one thread. What reads local time, or the environment, between two calls sees no difference.
class TimeZone {
 public:
  /// Local time of this process.
  TimeZone() = default;
  /// A zone such as "Europe/Berlin"; an error is only the reason. Nothing outside of the directory is read.
  [[nodiscard]] static Expected<TimeZone> find(std::string_view name, const std::string& directory = kDirectory);

  /// What UtcOffset says, for this zone. Never fails: a zone whose file is gone is UTC.
  [[nodiscard]] std::int64_t offsetAt(std::int64_t when) const noexcept;
  /// As a function that calls offsetAt().
  [[nodiscard]] UtcOffset offset() const;

  /// Empty: local time.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  bool operator==(const TimeZone& other) const noexcept { return name_ == other.name_; }

  static constexpr const char* kDirectory = "/usr/share/zoneinfo";

 private:
  std::string name_;
  std::string variable_;  ///< "TZ=:FILE"
};

/// The first moment at which a clock on the wall shows `local`, the seconds since 1970-01-01 of a calendar without
/// zones, or a later time: if that time is skipped, the first moment after the gap; if it comes twice, the first one.
[[nodiscard]] std::int64_t firstMoment(std::int64_t local, const UtcOffset& offset);

}  // namespace core
