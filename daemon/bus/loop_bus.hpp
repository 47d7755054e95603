// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "lib/core/event_loop.hpp"

namespace sdbus {
class Error;
class IConnection;
}  // namespace sdbus

namespace bus {

class RawBus;

/// Serves a connection on the event loop: one watch and one timer, renewed before each poll. The renewal is necessary:
/// after a nested synchronous call, messages may wait in the library while the descriptor has nothing to read.
class LoopBus {
 public:
  struct Events {
    /// Called once when the bus ends the connection; nothing is dispatched after it.
    std::function<void(const std::string& why)> lost;
    /// Called when the D-Bus daemon has not read what was sent for long, and again while it does not.
    std::function<void()> blocked;
    /// Called after each message.
    std::function<void()> served;
  };

  /// Borrows all but `events`.
  LoopBus(core::EventLoop& loop, sdbus::IConnection& connection, const RawBus& rawBus, Events events);

  /// Grows with each dispatched message: a status that was read for one message is out of date for the next.
  [[nodiscard]] std::uint64_t turn() const noexcept { return turn_; }

 private:
  void failed(const sdbus::Error& error);
  void connectionFailed(const std::string& why);
  void renew();
  void watchUnread();
  void onUnread();
  void process();

  sdbus::IConnection& connection_;
  const RawBus& rawBus_;
  Events events_;
  std::uint64_t turn_ = 1;
  std::unique_ptr<core::IoWatch> io_;  ///< null after the connection is lost
  std::unique_ptr<core::BeforePoll> renewal_;
  core::Timer timer_;
  core::Timer patience_;  ///< armed while the daemon has something to read
  bool asked_ = false;    ///< the daemon has a question to answer, since it has not read for long
};

}  // namespace bus
