// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "daemon/instances/manager.hpp"

namespace bus {

/// A failure as a caller on the bus gets it: a D-Bus error name and a complete sentence.
struct CallError {
  std::string name;
  std::string message;
};

inline constexpr const char* kAccessDenied = "org.freedesktop.DBus.Error.AccessDenied";
inline constexpr const char* kAuthorizationRequired = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
inline constexpr const char* kLimitsExceeded = "org.freedesktop.DBus.Error.LimitsExceeded";

/// The D-Bus error name of each failure of the manager: one table.
[[nodiscard]] const char* errorName(instances::ErrorCode code) noexcept;
[[nodiscard]] CallError toCallError(const instances::ManagerError& error);

}  // namespace bus
