// SPDX-License-Identifier: MIT
#pragma once

#include <array>
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
/// glibc knows one zone at a time, so questions about another one exchange TZ for the length of a call: only for
/// processes with one thread. What reads local time, or the environment, between two calls sees no difference. An
/// exchange reads the zone's file, so a computation that has many questions asks them within() one.
class TimeZone {
 public:
  /// Local time of this process.
  TimeZone() = default;
  /// A zone such as "Europe/Berlin"; an error is only the reason. Nothing outside of the directory is read.
  [[nodiscard]] static Expected<TimeZone> find(std::string_view name, const std::string& directory = kDirectory);

  /// What UtcOffset says, for this zone. Never fails: a zone whose file is gone is UTC.
  [[nodiscard]] std::int64_t offsetAt(std::int64_t when) const noexcept;
  /// What `ask` returns, which is called with the offsets of this zone. They are valid during the call only, in which
  /// nothing else may ask for local time or the environment.
  template <class Ask>
  auto within(const Ask& ask) const {
    const Exchange exchange(*this);
    return ask(exchange.offset());
  }
  /// How often this process has exchanged TZ.
  [[nodiscard]] static std::uint64_t exchanges() noexcept;

  /// Empty: local time.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  bool operator==(const TimeZone& other) const noexcept { return name_ == other.name_; }

  static constexpr const char* kDirectory = "/usr/share/zoneinfo";

 private:
  /// TZ is that of the zone, and nothing else is in the environment, as long as this exists. Takes no memory and
  /// restores what was there as it was, which setenv() could not promise. Nothing is done for local time.
  class Exchange {
   public:
    explicit Exchange(const TimeZone& zone) noexcept;
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;
    [[nodiscard]] UtcOffset offset() const;

   private:
    char** saved_ = nullptr;
    std::array<char*, 2> entries_{};
    bool exchanged_;
  };

  std::string name_;
  std::string variable_;  ///< "TZ=:FILE"
};

/// The first moment at which a clock on the wall shows `local`, the seconds since 1970-01-01 of a calendar without
/// zones, or a later time: if that time is skipped, the first moment after the gap; if it comes twice, the first one.
[[nodiscard]] std::int64_t firstMoment(std::int64_t local, const UtcOffset& offset);

}  // namespace core
