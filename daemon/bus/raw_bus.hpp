// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dbus/sdbus_compat.hpp"

struct sd_bus;
struct sd_bus_message;

namespace bus {

/// The sd_bus behind a connection of sdbus-c++, which hides it, for sd-bus's filters and tables. The connection must
/// outlive it.
class RawBus {
 public:
  explicit RawBus(sdbus::IConnection& connection);
  /// Drops what has not been sent: the end of the connection would wait until the D-Bus daemon has read it, which may
  /// be forever. So it goes after everything that still sends something when it ends.
  ~RawBus();
  RawBus(const RawBus&) = delete;
  RawBus& operator=(const RawBus&) = delete;

  /// Borrowed.
  [[nodiscard]] sd_bus* get() const noexcept { return bus_; }
  /// A call that sd-bus has handed out, for sdbus-c++ to read and answer.
  [[nodiscard]] sdbus::MethodCall callFrom(sd_bus_message* call) const { return bus::callFrom(call, known_); }

  // The D-Bus daemon stops reading from a sender of which it holds too much for listeners that do not read. What is
  // sent then waits in sd-bus's queue.

  /// Whether signals may be sent: otherwise they wait where they are combined.
  [[nodiscard]] bool takesSignals() const noexcept { return queued() < kMostForSignals; }
  /// Whether calls may be served, each of which has a reply: otherwise they wait at the D-Bus daemon.
  [[nodiscard]] bool takesReplies() const noexcept { return queued() < kMostForReplies; }
  /// Whether the daemon has read everything that was sent.
  [[nodiscard]] bool isAllRead() const noexcept;
  /// Waits until the D-Bus daemon knows that the connection `name`, which this process has closed, has ended. It does
  /// not look at one from which it does not read, but finds out when it sends to it.
  void waitForEndOf(const std::string& name) const;
  [[nodiscard]] sdbus::IProxy& daemon() const noexcept { return *daemon_; }

 private:
  /// Messages in the queue: a burst of signals fits, and replies may be large.
  static constexpr std::uint64_t kMostForSignals = 1024;
  static constexpr std::uint64_t kMostForReplies = 64;

  [[nodiscard]] std::uint64_t queued() const noexcept;

  std::unique_ptr<sdbus::IProxy> daemon_;  ///< of the D-Bus daemon
  sdbus::MethodCall known_;                ///< a message leads to the sd_bus; never sent
  sd_bus* bus_;
};

/// Throws the D-Bus error of `result` if that is a negative errno.
void throwIfFailed(int result, const char* what);

}  // namespace bus
