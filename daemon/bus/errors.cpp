// SPDX-License-Identifier: MIT
#include "daemon/bus/errors.hpp"

#include "lib/core/text.hpp"

namespace bus {

const char* errorName(instances::ErrorCode code) noexcept {
  using instances::ErrorCode;
  switch (code) {
    case ErrorCode::NoSuchInstance: return "org.supervisormanager1.Error.NoSuchInstance";
    case ErrorCode::InstanceExists: return "org.supervisormanager1.Error.InstanceExists";
    case ErrorCode::InstanceBusy: return "org.supervisormanager1.Error.InstanceBusy";
    case ErrorCode::InstanceUnmanaged: return "org.supervisormanager1.Error.InstanceUnmanaged";
    case ErrorCode::InstanceProtected: return "org.supervisormanager1.Error.InstanceProtected";
    case ErrorCode::InstanceNotRunning: return "org.supervisormanager1.Error.InstanceNotRunning";
    case ErrorCode::NoSuchProgram: return "org.supervisormanager1.Error.NoSuchProgram";
    case ErrorCode::InvalidArgument: return "org.freedesktop.DBus.Error.InvalidArgs";
    case ErrorCode::ConfigInvalid: return "org.supervisormanager1.Error.ConfigInvalid";
    case ErrorCode::OperationFailed: return "org.supervisormanager1.Error.OperationFailed";
    case ErrorCode::Timeout: return "org.supervisormanager1.Error.Timeout";
    case ErrorCode::NotSupported: return "org.freedesktop.DBus.Error.NotSupported";
    case ErrorCode::ShuttingDown: return "org.supervisormanager1.Error.ShuttingDown";
  }
  return "org.freedesktop.DBus.Error.Failed";
}

CallError toCallError(const instances::ManagerError& error) {
  return {errorName(error.code), core::toUtf8(error.message)};
}

}  // namespace bus
