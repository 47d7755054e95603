// SPDX-License-Identifier: MIT
#pragma once

#include <systemd/sd-bus.h>

#include <cerrno>
#include <exception>
#include <new>

#include "daemon/bus/errors.hpp"
#include "dbus/sdbus_compat.hpp"

namespace bus {

/// Runs what sd-bus called back, which no exception may cross: it becomes `error`, or a negative errno, with which
/// sd-bus answers.
template <class F>
int guardedCall(sd_bus_error* error, F&& call) noexcept {
  try {
    return call();
  } catch (const sdbus::Error& failure) {
    return sd_bus_error_set(error, failure.getName().c_str(), failure.getMessage().c_str());
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  } catch (const std::exception& failure) {
    try {
      const auto told = internalError(failure);
      return sd_bus_error_set(error, told.name.c_str(), told.message.c_str());
    } catch (...) {
      return -ENOMEM;
    }
  }
}

}  // namespace bus
