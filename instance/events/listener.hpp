// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "instance/events/pool.hpp"
#include "instance/events/recovery.hpp"
#include "instance/process/observer.hpp"
#include "lib/core/event_loop.hpp"

namespace events {

/// Whom a listener tells that its pool may be able to dispatch.
class Dispatcher {
 public:
  virtual ~Dispatcher() = default;
  virtual void scheduleDispatch() noexcept = 0;
  /// False while the supervisor goes down: nothing is started any more.
  [[nodiscard]] virtual bool mayStart() const = 0;
  /// Where results are printed; nullptr before the first one.
  [[nodiscard]] virtual const output::Lane* printer(config::Backpressure policy) const noexcept = 0;
};

/// Joins a program of the process table to its pool, and brings it back when it has violated the protocol: Supervisor
/// leaves it deaf for the rest of its life, here it is stopped and started again, later and later while it does not
/// improve. A program with autorestart=false stays as it is.
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
  BackOff backOff_;
  bool restarting_ = false;  ///< we are stopping it, to start it again
};

}  // namespace events
