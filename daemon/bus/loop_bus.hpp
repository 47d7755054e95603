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

/// Serves a connection on the event loop: one watch and one timer, renewed before each poll. The renewal is necessary:
/// after a nested synchronous call, messages may wait in the library while the descriptor has nothing to read.
class LoopBus {
 public:
  using Lost = std::function<void(const std::string& why)>;

  /// Borrows both. `lost` is called once when the bus ends the connection; nothing is dispatched after it. `served` is
  /// called after each message.
  LoopBus(core::EventLoop& loop, sdbus::IConnection& connection, Lost lost, std::function<void()> served);

  /// Grows with each dispatched message: a status that was read for one message is out of date for the next.
  [[nodiscard]] std::uint64_t turn() const noexcept { return turn_; }

 private:
  void failed(const sdbus::Error& error);
  void connectionFailed(const std::string& why);
  void renew();
  void process();

  sdbus::IConnection& connection_;
  Lost lost_;
  std::function<void()> served_;
  std::uint64_t turn_ = 1;
  std::unique_ptr<core::IoWatch> io_;  ///< null after the connection is lost
  std::unique_ptr<core::BeforePoll> renewal_;
  core::Timer timer_;
};

}  // namespace bus
