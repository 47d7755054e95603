// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lifecycle {

/// The states of a supervised program, with the numbers that Supervisor's clients know.
enum class ProcessState : std::int16_t {
  Stopped = 0,
  Starting = 10,
  Running = 20,
  Backoff = 30,
  Stopping = 40,
  Exited = 100,
  Fatal = 200,
  Unknown = 1000,
};

inline constexpr std::array kAllStates{ProcessState::Stopped, ProcessState::Starting, ProcessState::Running,
                                       ProcessState::Backoff, ProcessState::Stopping, ProcessState::Exited,
                                       ProcessState::Fatal,   ProcessState::Unknown};

/// "STOPPED", "STARTING", ...
[[nodiscard]] const char* toText(ProcessState state) noexcept;
[[nodiscard]] std::optional<ProcessState> stateFromText(std::string_view text) noexcept;
/// The state with this number, as it comes over a wire; nullopt: Supervisor has none.
[[nodiscard]] constexpr std::optional<ProcessState> stateFromNumber(std::int64_t number) noexcept {
  for (const ProcessState state : kAllStates)
    if (number == static_cast<std::int64_t>(state)) return state;
  return std::nullopt;
}

/// It runs or will run without a request: RUNNING, BACKOFF, STARTING.
[[nodiscard]] constexpr bool isActive(ProcessState state) noexcept {
  return state == ProcessState::Running || state == ProcessState::Backoff || state == ProcessState::Starting;
}
/// It does not have a process: STOPPED, EXITED, FATAL, UNKNOWN.
[[nodiscard]] constexpr bool isStopped(ProcessState state) noexcept {
  return state == ProcessState::Stopped || state == ProcessState::Exited || state == ProcessState::Fatal ||
         state == ProcessState::Unknown;
}
/// There is a process to signal: RUNNING, STARTING, STOPPING.
[[nodiscard]] constexpr bool isSignallable(ProcessState state) noexcept {
  return state == ProcessState::Running || state == ProcessState::Starting || state == ProcessState::Stopping;
}
/// It needs the attention of an administrator: BACKOFF, FATAL, UNKNOWN.
[[nodiscard]] constexpr bool isTrouble(ProcessState state) noexcept {
  return state == ProcessState::Backoff || state == ProcessState::Fatal || state == ProcessState::Unknown;
}
/// The same for the name of a state, as it comes over a wire.
[[nodiscard]] constexpr bool isTrouble(std::string_view word) noexcept {
  return word == "BACKOFF" || word == "FATAL" || word == "UNKNOWN";
}

}  // namespace lifecycle
