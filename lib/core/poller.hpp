// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lib/core/clock.hpp"
#include "lib/core/deadline_heap.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/core/watch_state.hpp"

namespace core::detail {

/// The engine of the loop: one epoll set with all descriptors and one signalfd, a heap of deadlines, and lists of
/// hooks, deferred calls and signals. A turn waits once and then serves, in this order, the deferred calls that were
/// scheduled before it, the timers that are due, a batch of descriptors (after timers: two), and the signals. What a
/// callback schedules or arms waits for the next turn, so nothing can keep the others from theirs.
///
/// A callback that fails is tried again through the heap. Nothing here takes memory but enlist() and addSignal().
class Poller {
 public:
  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Each watch keeps the poller in memory, for those that outlive the loop.
  void retain() noexcept { ++users_; }
  void release() noexcept;
  /// For the loop: it ends, nothing is called any more.
  void detach() noexcept;

  /// One turn, which waits at most `limit`; without it, as long as nothing happens. Throws std::runtime_error if the
  /// kernel cannot wait, std::logic_error in a callback of this loop.
  void turn(std::optional<Duration> limit);
  void exit(int code) noexcept { exitCode_ = code; }
  [[nodiscard]] std::optional<int> exitCode() const noexcept { return exitCode_; }
  /// The time at which this turn stopped waiting.
  [[nodiscard]] Instant now() const noexcept { return now_; }

  /// For each new watch: makes room for its deadline, so that arming a timer and trying again cannot fail.
  void enlist();
  void leave() noexcept { --watches_; }

  /// Watches state.fd for state.events. 0, or -1 with errno.
  int add(WatchState& state) noexcept;
  int change(WatchState& state) noexcept;
  void remove(WatchState& state) noexcept;

  /// Calls back in the first turn that finds `when` in the past, but never in this turn.
  void callAt(WatchState& state, Instant when) noexcept;
  void callNever(WatchState& state) noexcept { deadlines_.remove(state); }
  void callNext(WatchState& state) noexcept { state.append(deferred_); }
  void addHook(WatchState& state) noexcept { state.append(hooks_); }
  /// Reads the signal state.signo from now on. 0, or -1 with errno.
  int addSignal(WatchState& state) noexcept;
  void removeSignal(WatchState& state) noexcept;

  /// Its callback failed, or it could not be added: does it again after a pause, of a tenth of a second at first and of
  /// a second at most. A descriptor is not watched meanwhile, so that it does not make the loop spin.
  void tryAgain(WatchState& state) noexcept;
  /// The watch is not to be tried again: it was armed, stopped or destroyed meanwhile.
  void forgetFailure(WatchState& state) noexcept;

 private:
  ~Poller() = default;
  [[nodiscard]] bool goesOn() const noexcept { return !exitCode_; }
  [[nodiscard]] Duration timeToWait(std::optional<Duration> limit) const noexcept;
  void poll(Duration timeout);
  void forget(const WatchState& state) noexcept;
  void callEach(Link& list, bool staysInList) noexcept;
  /// Both return whether there was something to serve.
  bool serveDeadlines() noexcept;
  bool serveDescriptors() noexcept;
  void serveSignals();
  void readSignals() noexcept;
  int updateSignals(const sigset_t& wanted) noexcept;

  UniqueFd epoll_;
  UniqueFd signalFd_;
  sigset_t signals_{};
  bool signalled_ = false;             ///< the signalfd was reported
  std::array<epoll_event, 64> ready_;  ///< what one epoll_wait reported
  std::size_t next_ = 0;               ///< of those, the first that is not served yet
  std::size_t count_ = 0;
  DeadlineHeap deadlines_;
  Link hooks_, deferred_, signalWatches_;
  std::size_t watches_ = 0;
  std::uint32_t order_ = 0;
  Instant now_ = Clock::now();
  std::optional<int> exitCode_;
  bool turning_ = false;
  int users_ = 1;
};

}  // namespace core::detail
