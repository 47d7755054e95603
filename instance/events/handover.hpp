// SPDX-License-Identifier: MIT
#pragma once

#include "instance/events/event.hpp"
#include "lib/core/result.hpp"

namespace state {
struct Event;
struct Events;
}  // namespace state

namespace events {

/// Whether a service can continue with `saved`. The error names what this program does not know (the type of an event,
/// the state of a listener) or what contradicts itself.
[[nodiscard]] core::Status check(const state::Events& saved);

/// `event` has been accepted by a pool: it has a serial.
[[nodiscard]] state::Event toState(const Event& event);

}  // namespace events
