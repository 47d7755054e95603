// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "dbus/sdbus_compat.hpp"

struct sd_bus;
struct sd_bus_message;

namespace bus {

/// The sd_bus behind a connection of sdbus-c++, which hides it, for sd-bus's filters and tables. The connection must
/// outlive it.
class RawBus {
 public:
  explicit RawBus(sdbus::IConnection& connection);

  /// Borrowed.
  [[nodiscard]] sd_bus* get() const noexcept { return bus_; }
  /// A call that sd-bus has handed out, for sdbus-c++ to read and answer.
  [[nodiscard]] sdbus::MethodCall callFrom(sd_bus_message* call) const { return bus::callFrom(call, known_); }
  /// Whether the D-Bus daemon reads what is sent. It stops reading from a sender of which it holds too much for
  /// listeners that do not read: signals then have to wait where they are combined, not in sd-bus's queue.
  [[nodiscard]] bool takesSignals() const noexcept;
  [[nodiscard]] sdbus::IProxy& daemon() const noexcept { return *daemon_; }

 private:
  std::unique_ptr<sdbus::IProxy> daemon_;  ///< of the D-Bus daemon
  sdbus::MethodCall known_;                ///< a message leads to the sd_bus; never sent
  sd_bus* bus_;
};

/// Throws the D-Bus error of `result` if that is a negative errno.
void throwIfFailed(int result, const char* what);

}  // namespace bus
