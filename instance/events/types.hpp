// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace events {

/// Every name that `events=` may list, parents before their children. The last ones are not Supervisor's: they have no
/// parent, so that only those get them who name them.
enum class Type : std::uint8_t {
  Event,
  ProcessState,
  ProcessStateStopped,
  ProcessStateExited,
  ProcessStateStarting,
  ProcessStateStopping,
  ProcessStateBackoff,
  ProcessStateFatal,
  ProcessStateRunning,
  ProcessStateUnknown,
  ProcessCommunication,
  ProcessCommunicationStdout,
  ProcessCommunicationStderr,
  ProcessLog,
  ProcessLogStdout,
  ProcessLogStderr,
  RemoteCommunication,
  SupervisorStateChange,
  SupervisorStateChangeRunning,
  SupervisorStateChangeStopping,
  Tick,
  Tick5,
  Tick60,
  Tick3600,
  ProcessGroup,
  ProcessGroupAdded,
  ProcessGroupRemoved,
  ProcessRestartLimit,
  ProcessHealth,
};
inline constexpr std::size_t kSupervisorsTypeCount = 27;
inline constexpr std::size_t kTypeCount = 29;

/// A set of types: bit n is the type with value n.
using TypeSet = std::uint32_t;

/// The name on the wire and in `events=`, e.g. "PROCESS_STATE_EXITED".
[[nodiscard]] std::string_view toText(Type type) noexcept;
/// The type of that exact (upper case) name.
[[nodiscard]] std::optional<Type> typeOf(std::string_view name) noexcept;
[[nodiscard]] constexpr TypeSet bit(Type type) noexcept { return TypeSet{1} << static_cast<unsigned>(type); }
/// `type` and everything below it in the hierarchy.
[[nodiscard]] TypeSet withChildren(Type type) noexcept;
/// What a pool with these `events=` names receives. Overlapping names (TICK,TICK_5) name each type once.
/// Unknown names add nothing: the configuration has refused them.
[[nodiscard]] TypeSet subscription(std::span<const std::string> names) noexcept;

}  // namespace events
