// SPDX-License-Identifier: MIT
#include "daemon/bus/raw_bus.hpp"

#include <systemd/sd-bus.h>

namespace bus {

namespace {

/// Messages that may wait in sd-bus's queue before signals are held back: a burst of signals and replies fits.
constexpr std::uint64_t kMostQueued = 1024;

}  // namespace

RawBus::RawBus(sdbus::IConnection& connection)
    : daemon_(sdbus::createProxy(connection, ServiceName("org.freedesktop.DBus"),
                                 sdbus::ObjectPath{"/org/freedesktop/DBus"})),
      known_(daemon_->createMethodCall(InterfaceName("org.freedesktop.DBus.Peer"), MethodName("Ping"))),
      bus_(sd_bus_message_get_bus(static_cast<sd_bus_message*>(rawMessage(known_)))) {}

bool RawBus::takesSignals() const noexcept {
  std::uint64_t queued = 0;
  return sd_bus_get_n_queued_write(bus_, &queued) < 0 || queued < kMostQueued;
}

void throwIfFailed(int result, const char* what) {
  if (result >= 0) return;
  sd_bus_error error = SD_BUS_ERROR_NULL;
  sd_bus_error_set_errno(&error, result);
  const std::string name = error.name;
  sd_bus_error_free(&error);
  throw makeError(name, what);
}

}  // namespace bus
