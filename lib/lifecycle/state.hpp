// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lifecycle {

/// The states of a supervised program, with the numbers that Supervisor's clients know.
enum class State : std::int16_t {
  Stopped = 0,
  Starting = 10,
  Running = 20,
  Backoff = 30,
  Stopping = 40,
  Exited = 100,
  Fatal = 200,
  Unknown = 1000,
};

inline constexpr std::array kAllStates{State::Stopped,  State::Starting, State::Running, State::Backoff,
                                       State::Stopping, State::Exited,   State::Fatal,   State::Unknown};

/// "STOPPED", "STARTING", ...
[[nodiscard]] const char* toText(State state) noexcept;
[[nodiscard]] std::optional<State> stateFromText(std::string_view text) noexcept;

/// It runs or is about to: RUNNING, BACKOFF, STARTING.
[[nodiscard]] constexpr bool isActive(State state) noexcept {
  return state == State::Running || state == State::Backoff || state == State::Starting;
}
/// Nothing of it is left: STOPPED, EXITED, FATAL, UNKNOWN.
[[nodiscard]] constexpr bool isStopped(State state) noexcept {
  return state == State::Stopped || state == State::Exited || state == State::Fatal || state == State::Unknown;
}
/// There is a process to signal: RUNNING, STARTING, STOPPING.
[[nodiscard]] constexpr bool isSignallable(State state) noexcept {
  return state == State::Running || state == State::Starting || state == State::Stopping;
}
/// Something is wrong with it that does not mend itself unseen: BACKOFF, FATAL, UNKNOWN.
[[nodiscard]] constexpr bool isTrouble(State state) noexcept {
  return state == State::Backoff || state == State::Fatal || state == State::Unknown;
}
/// The same for Supervisor's word, as it comes over a wire.
[[nodiscard]] constexpr bool isTrouble(std::string_view word) noexcept {
  return word == "BACKOFF" || word == "FATAL" || word == "UNKNOWN";
}

}  // namespace lifecycle
