// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "lib/core/clock.hpp"

namespace core {

class EventLoop;
class Notifier;

namespace detail {
class Poller;
class Watchdog;
/// The heap part of a watch. A callback may destroy its own watch: the state then outlives the call.
struct WatchState;
struct WatchDeleter {
  void operator()(WatchState*) const noexcept;
};
using WatchPtr = std::unique_ptr<WatchState, WatchDeleter>;
}  // namespace detail

/// One thread, one loop, on epoll. An exception that leaves a callback (std::bad_alloc for instance) is logged as
/// critical, and the callback is called again after a pause: a tenth of a second, or up to a second when it fails
/// repeatedly. No source is ever given up, and no exception ends the loop.
///
/// Making a watch or a timer may throw std::bad_alloc. Existing ones are armed, started and stopped without memory.
///
/// No callback may destroy the loop, or turn it.
///
/// A forked child shares the kernel's side of the loop: it must exec or _exit without destroying the loop or a watch.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Dispatches until exit() is called; returns its code.
  int run();
  /// Waits at most `limit` for one turn of events (tests). Returns false if exit() was called.
  bool step(Duration limit);
  void exit(int code) noexcept;
  /// Sends systemd's watchdog keep-alive in time through `notifier`, if the service manager asked for it.
  void enableWatchdog(const Notifier& notifier);

  /// When this turn began: a time for what need not be exact, without asking the clock again.
  [[nodiscard]] Instant now() const noexcept;
  /// For the watches.
  [[nodiscard]] detail::Poller& poller() const noexcept { return *poller_; }

 private:
  detail::Poller* poller_;  ///< counts its users
  std::unique_ptr<detail::Watchdog> watchdog_;
};

/// Readiness of a descriptor, level-triggered. The watch does not own the descriptor, which must outlive it.
class IoWatch {
 public:
  enum Events : std::uint32_t { None = 0, Read = 1, Write = 4, Error = 8, Hangup = 16 };
  using Callback = std::function<void(std::uint32_t ready)>;

  IoWatch(EventLoop& loop, int fd, std::uint32_t events, Callback callback);
  /// Watches nothing before start().
  IoWatch(EventLoop& loop, Callback callback);
  /// Watches `fd` instead of what it watched. If the kernel cannot add it now, it is retried.
  void start(int fd, std::uint32_t events) noexcept;
  /// To be called before the descriptor is closed.
  void stop() noexcept;
  /// Between start() and stop().
  [[nodiscard]] bool active() const noexcept;
  void setEvents(std::uint32_t events);

 private:
  detail::WatchPtr state_;
};

/// Calls `hook` before each poll of the loop, so that what is watched can be renewed.
class BeforePoll {
 public:
  BeforePoll(EventLoop& loop, std::function<void()> hook);

 private:
  detail::WatchPtr state_;
};

/// A one-shot deadline on CLOCK_MONOTONIC, never early. With an accuracy it may be that much late: timers, also those
/// of other processes, then end at the same round times, and wake the processor once. Those with one deadline are
/// called in the order of their arming. A timer that is armed for now, or for the past, waits for the next turn.
class Timer {
 public:
  explicit Timer(EventLoop& loop, std::function<void()> callback, Duration accuracy = microseconds(1));
  void arm(Instant when) noexcept;
  void armIn(Duration delay) noexcept { arm(Clock::now() + delay); }
  void disarm() noexcept;
  [[nodiscard]] bool armed() const noexcept;

 private:
  detail::WatchPtr state_;
};

/// A signal as an event, with its default disposition. The constructor blocks the signal in this thread.
class SignalWatch {
 public:
  SignalWatch(EventLoop& loop, int signo, std::function<void()> callback);
  /// Whether the signal has come and the callback is still to be called.
  [[nodiscard]] bool pending() const noexcept;

 private:
  detail::WatchPtr state_;
};

/// Calls back once from the next turn of the loop: moves work out of the current stack frame. It goes before every
/// descriptor that is ready, so long work must not continue by scheduling itself again: a Timer for now lets
/// descriptors take their turn.
class Deferred {
 public:
  Deferred(EventLoop& loop, std::function<void()> callback);
  void schedule() noexcept;
  void cancel() noexcept;

 private:
  detail::WatchPtr state_;
};

}  // namespace core
