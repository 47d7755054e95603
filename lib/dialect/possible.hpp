// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/clock.hpp"
#include "lib/lifecycle/pacing.hpp"

/// Whether values are within the limits of the keys' parsers: for those that come from elsewhere than a configuration
/// file, such as the state of another supervisord. Beyond these limits sums overflow, and loops do not end.
namespace config {

struct Activation;
struct Around;
struct ControlGroup;
struct Dependences;
struct Extension;
struct Health;
struct Lifetime;
struct Limits;
struct ProbeTarget;
struct Reloading;
struct Scheduling;
struct Stopping;
struct Watching;

/// The longest duration of a key: a hundred years.
inline constexpr core::milliseconds kLongestDuration = std::chrono::hours(24 * 365 * 100);
/// Per section: a typing mistake in numprocs must not use up the machine's memory.
inline constexpr int kMostProcesses = 100'000;
/// Of restart_delay_factor, in thousandths.
inline constexpr int kGreatestFactor = 1'000'000;

[[nodiscard]] constexpr bool isPossible(core::milliseconds duration) noexcept {
  return duration.count() >= 0 && duration <= kLongestDuration;
}
/// Also 0, which some keys take.
[[nodiscard]] bool isPossibleSignal(int number) noexcept;
[[nodiscard]] constexpr bool isPossiblePort(int port) noexcept { return port >= 1 && port <= 65535; }
/// Of listen(2).
[[nodiscard]] constexpr bool isPossibleBacklog(int backlog) noexcept { return backlog >= 1 && backlog <= 65535; }

[[nodiscard]] bool isPossible(const lifecycle::Pacing& pacing) noexcept;
[[nodiscard]] bool isPossible(const Stopping& stopping) noexcept;
[[nodiscard]] bool isPossible(const Around& around) noexcept;
[[nodiscard]] bool isPossible(const Reloading& reloading) noexcept;
[[nodiscard]] bool isPossible(const Dependences& dependences) noexcept;
[[nodiscard]] bool isPossible(const ProbeTarget& target) noexcept;
[[nodiscard]] bool isPossible(const Health& health) noexcept;
[[nodiscard]] bool isPossible(const Limits& limits) noexcept;
[[nodiscard]] bool isPossible(const Scheduling& scheduling) noexcept;
[[nodiscard]] bool isPossible(const Lifetime& lifetime) noexcept;
[[nodiscard]] bool isPossible(const Activation& activation) noexcept;
[[nodiscard]] bool isPossible(const Watching& watching) noexcept;
[[nodiscard]] bool isPossible(const ControlGroup& limits) noexcept;

/// What cannot be, as messages name it: "schedule"; nullptr: everything can.
[[nodiscard]] const char* whatIsImpossible(const Extension& extension) noexcept;

}  // namespace config
