// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <variant>

#include "lib/core/clock.hpp"

/// Inside of the event loop.
namespace core::detail {

class Poller;

/// A place in a list without memory of its own: in a ring, with the list's head. Alone in its ring it is in no list.
struct Link {
  Link() = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link() { unlink(); }

  [[nodiscard]] bool linked() const noexcept { return next != this; }
  void unlink() noexcept {
    next->prev = prev;
    prev->next = next;
    next = prev = this;
  }
  /// Moves it to the end of the list of `head`.
  void append(Link& head) noexcept {
    unlink();
    next = &head;
    prev = head.prev;
    prev->next = head.prev = this;
  }

  Link* next = this;
  Link* prev = this;
};

enum class WatchKind : unsigned char { Descriptor, Timer, Deferred, Signal, Hook };

/// The heap part of a watch.
struct WatchState : Link {
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  std::variant<std::function<void()>, std::function<void(std::uint32_t)>> callback;
  Poller* poller = nullptr;
  Instant deadline{};              ///< of a timer, or of a failed callback that is tried again
  std::uint32_t place = kNowhere;  ///< in the heap of deadlines
  std::uint32_t order = 0;         ///< those with one deadline are called in the order of their arming
  int fd = -1;
  std::uint32_t events = 0;
  std::uint32_t accuracy = 0;  ///< of a timer, in ns: a power of two
  int signo = 0;
  WatchKind kind = WatchKind::Descriptor;
  bool dispatching = false;
  bool due = false;  ///< of a signal: it has been read from the kernel, descriptors are served before its callback
  bool abandoned = false;
  bool failed = false;      ///< its deadline is that of the next try
  unsigned char tries = 0;  ///< how often it has failed in a row
};

/// Calls back, and frees the state if the callback has destroyed its own watch. After an exception it is tried again.
void dispatch(WatchState* state, std::uint32_t ready) noexcept;

}  // namespace core::detail
