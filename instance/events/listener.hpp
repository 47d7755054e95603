// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "instance/events/pool.hpp"
#include "instance/events/recovery.hpp"
#include "instance/process/observer.hpp"
#include "lib/core/event_loop.hpp"

namespace events {

/// Dispatches events when a listener may be able to take one.
class Dispatcher {
 public:
  virtual ~Dispatcher() = default;
  virtual void scheduleDispatch() noexcept = 0;
  /// False while the supervisor goes down: nothing is started any more.
  [[nodiscard]] virtual bool mayStart() const = 0;
  /// Where results are printed; nullptr before the first one.
  [[nodiscard]] virtual const output::Lane* printer(config::Backpressure policy) const noexcept = 0;
};

/// Connects a program of the process table to its pool, and restarts it when it has violated the protocol. Supervisor
/// leaves such a listener UNKNOWN, without events, until somebody restarts it. Here the restarts come at growing
/// intervals while it does not process events. A program with autorestart=false is left alone.
class Listener final : public process::Protocol, public ListenerProcess {
 public:
  Listener(core::EventLoop& loop, process::Process& program, Pool& pool, Dispatcher& dispatcher);
  ~Listener() override;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] const process::Process& program() const noexcept { return program_; }
  [[nodiscard]] ListenerState state() const noexcept { return member_.state(); }
  /// The program's state has changed: it may take events now, or be ready for its restart.
  void onStateChange(const process::StateChange& change);
  [[nodiscard]] state::Listener save() const;
  /// Continues where the listener of a predecessor was; the process is the same.
  void restore(const state::Listener& saved, const EventsBySerial& events);

  void onSpawned() override;
  void onStdout(std::string_view bytes) override;
  void onStdinClosed() override;
  void onExited() override;
  [[nodiscard]] const output::Lane* results() const noexcept override;
  [[nodiscard]] bool busy() const noexcept override;
  [[nodiscard]] std::string_view trouble() const noexcept override;

  [[nodiscard]] bool running() const override;
  [[nodiscard]] bool starting() const override;
  bool send(std::string_view bytes) override;

 private:
  void scheduleRestart();
  void stopForRestart();

  process::Process& program_;
  Pool& pool_;
  Pool::Member& member_;
  Dispatcher& dispatcher_;
  core::Timer timer_;
  core::Instant restartDue_{};  ///< while timer_ is armed
  BackOff backOff_;
  bool restarting_ = false;  ///< we are stopping it, to start it again
};

}  // namespace events
