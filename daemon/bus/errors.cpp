// SPDX-License-Identifier: MIT
#include "daemon/bus/errors.hpp"

#include <fmt/format.h>

#include "dbus/names.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace bus {

const char* errorName(instances::ErrorCode code) noexcept {
  using instances::ErrorCode;
  switch (code) {
    case ErrorCode::NoSuchInstance: return error::kNoSuchInstance;
    case ErrorCode::InstanceExists: return error::kInstanceExists;
    case ErrorCode::InstanceBusy: return error::kInstanceBusy;
    case ErrorCode::InstanceUnmanaged: return error::kInstanceUnmanaged;
    case ErrorCode::InstanceProtected: return error::kInstanceProtected;
    case ErrorCode::InstanceNotRunning: return error::kInstanceNotRunning;
    case ErrorCode::NoSuchProgram: return error::kNoSuchProgram;
    case ErrorCode::InvalidArgument: return "org.freedesktop.DBus.Error.InvalidArgs";
    case ErrorCode::ConfigInvalid: return error::kConfigInvalid;
    case ErrorCode::OperationFailed: return error::kOperationFailed;
    case ErrorCode::Timeout: return error::kTimeout;
    case ErrorCode::NotSupported: return "org.freedesktop.DBus.Error.NotSupported";
    case ErrorCode::ShuttingDown: return error::kShuttingDown;
  }
  return "org.freedesktop.DBus.Error.Failed";
}

CallError toCallError(const instances::ManagerError& error) {
  return {errorName(error.code), core::toUtf8(error.message)};
}

CallError internalError(const std::exception& error) {
  logging::error("D-Bus: a call failed: {}", error.what());
  return {kFailed, "The manager could not complete this call because of an internal error; its log has the details"};
}

CallError noSuchInstance(const std::string& name) {
  return {errorName(instances::ErrorCode::NoSuchInstance), fmt::format("There is no instance '{}'", name)};
}

}  // namespace bus

bus::CallError core::WhenDropped<bus::CallError>::value() {
  return {bus::kFailed, "The operation was abandoned: its instance was removed, or the manager is stopping"};
}
