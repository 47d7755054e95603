// SPDX-License-Identifier: MIT
#include "daemon/bus/raw_bus.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <systemd/sd-bus.h>

namespace bus {

namespace {

/// Microseconds in which the D-Bus daemon finds out that a connection has ended.
constexpr std::uint64_t kTimeToEnd = 2'000'000;

}  // namespace

RawBus::RawBus(sdbus::IConnection& connection)
    : daemon_(sdbus::createProxy(connection, ServiceName("org.freedesktop.DBus"),
                                 sdbus::ObjectPath{"/org/freedesktop/DBus"})),
      known_(daemon_->createMethodCall(InterfaceName("org.freedesktop.DBus.Peer"), MethodName("Ping"))),
      bus_(sd_bus_message_get_bus(static_cast<sd_bus_message*>(rawMessage(known_)))) {}

RawBus::~RawBus() {
  if (queued() > 0) sd_bus_close(bus_);
}

std::uint64_t RawBus::queued() const noexcept {
  std::uint64_t count = 0;
  return sd_bus_get_n_queued_write(bus_, &count) < 0 ? 0 : count;
}

bool RawBus::isAllRead() const noexcept {
  int unread = 0;
  return queued() == 0 && (::ioctl(sd_bus_get_fd(bus_), SIOCOUTQ, &unread) != 0 || unread == 0);
}

void RawBus::waitForEndOf(const std::string& name) const {
  // It fails, whether the connection ends by it or has ended before.
  sd_bus_message* call = nullptr;
  if (sd_bus_message_new_method_call(bus_, &call, name.c_str(), "/", "org.freedesktop.DBus.Peer", "Ping") < 0) return;
  (void)sd_bus_call(bus_, call, kTimeToEnd, nullptr, nullptr);
  sd_bus_message_unref(call);
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
