// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

#include "lib/core/clock.hpp"

struct sd_event_source;

/// Inside of the event loop.
namespace core::detail {

class Poller;

/// The heap part of a watch: of a source of sd-event, or of a descriptor of the poller.
struct WatchState {
  std::function<void(std::uint32_t)> callback;
  sd_event_source* source = nullptr;
  Poller* poller = nullptr;
  int fd = -1;
  std::uint32_t events = 0;
  bool dispatching = false;
  bool due = false;  ///< of a signal: it has been read from the kernel, descriptors are served before its callback
  bool abandoned = false;
  bool once = false;           ///< a timer or a deferred call, which may have been armed again
  bool failed = false;         ///< is in the poller's list of watches to try again
  unsigned char tries = 0;     ///< how often it has failed in a row
  WatchState* next = nullptr;  ///< in that list
  Instant again{};             ///< when it is tried again
};

/// Calls back, and frees the state if the callback has destroyed its own watch. After an exception it is tried again.
void dispatch(WatchState* state, std::uint32_t ready) noexcept;

}  // namespace core::detail
