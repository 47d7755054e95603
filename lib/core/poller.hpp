// SPDX-License-Identifier: MIT
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "lib/core/clock.hpp"
#include "lib/core/unique_fd.hpp"

struct sd_event;
struct sd_event_source;

namespace core::detail {

struct WatchState;

/// All watched descriptors, in an epoll set of their own that is one source of sd-event. An sd-event source each would
/// cost more: 300 bytes, and quadratic work, since sd-event serves one source for each epoll_wait and that reports
/// again all others that are ready, as when a thousand programs end together.
///
/// It also keeps what has failed and is tried again. Nothing here takes memory but room().
class Poller {
 public:
  explicit Poller(sd_event* event);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Each watch keeps the poller in memory, for those that outlive the loop.
  void retain() noexcept { ++users_; }
  void release() noexcept;
  /// For the loop: it ends, nothing is called any more.
  void detach() noexcept;

  /// Watches state.fd for state.events. 0, or -1 with errno.
  int add(WatchState& state) noexcept;
  int change(WatchState& state) noexcept;
  void remove(WatchState& state) noexcept;
  /// Calls back for what is ready now, one batch of it.
  void serve() noexcept;

  /// Its callback failed, or it could not be added: does it again after a pause, of a tenth of a second at first and of
  /// a second at most. A descriptor is not watched meanwhile, so that it does not make the loop spin.
  void tryAgain(WatchState& state) noexcept;
  /// The watch is not to be tried again: it was armed, stopped or destroyed meanwhile.
  void forgetFailure(WatchState& state) noexcept;

  /// For each source of sd-event, before it is made. sd-event puts pending sources into a queue that it
  /// enlarges at that moment. If that fails for a signal, it never reads a signal again. So the room is made
  /// beforehand, where a failure (std::bad_alloc) does no harm.
  void room();
  void leaveRoom() noexcept { --sources_; }

 private:
  ~Poller() = default;
  static int onReady(sd_event_source*, int, std::uint32_t, void* self);
  static int onAgain(sd_event_source*, std::uint64_t, void* self);
  void forget(const WatchState& state) noexcept;
  void serveFailed() noexcept;
  void armAgain() noexcept;

  sd_event* event_;
  sd_event_source* source_ = nullptr;
  sd_event_source* again_ = nullptr;
  UniqueFd epoll_;
  std::array<epoll_event, 32> ready_;  ///< what one epoll_wait reported
  std::size_t next_ = 0;               ///< of those, the first that is not served yet
  std::size_t count_ = 0;
  WatchState* failed_ = nullptr;
  int users_ = 1;
  std::size_t sources_ = 0;
  std::size_t room_ = 0;
};

}  // namespace core::detail
