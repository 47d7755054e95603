// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "instance/events/types.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace events {

/// Which TICK events have to be sent; the caller gives the time. A tick falls on each whole multiple of its period on
/// the wall clock. The slice in which a period is first wanted is only noted; missed slices are skipped.
class Ticks {
 public:
  using Due = std::vector<std::pair<Type, std::int64_t>>;  ///< the type, and the start of its slice
  /// The last slices of TICK_5, TICK_60 and TICK_3600; nothing where it was not wanted.
  using Slices = std::array<std::optional<std::int64_t>, 3>;
  /// At `now` (seconds since the epoch), for the TICK types in `wanted`.
  [[nodiscard]] Due on(std::int64_t now, TypeSet wanted);
  /// When to ask again: the next boundary of a wanted period; nullopt if there is none.
  [[nodiscard]] static std::optional<std::int64_t> next(std::int64_t now, TypeSet wanted) noexcept;
  [[nodiscard]] const Slices& slices() const noexcept { return last_; }
  void restore(const Slices& slices) noexcept { last_ = slices; }

 private:
  Slices last_;
};

/// A deadline on the wall clock that notices when the clock is set. There is no wake-up between deadlines.
class WallTimer {
 public:
  /// `callback` runs at the deadline, and when the clock has been set: look at the clock and arm again.
  WallTimer(core::EventLoop& loop, std::function<void()> callback);
  void arm(std::int64_t epochSeconds) noexcept;
  void disarm() noexcept;
  [[nodiscard]] bool armed() const noexcept { return armed_; }

 private:
  void ready();

  core::UniqueFd fd_;
  std::function<void()> callback_;
  std::optional<core::IoWatch> watch_;
  bool armed_ = false;
};

}  // namespace events
