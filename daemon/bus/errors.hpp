// SPDX-License-Identifier: MIT
#pragma once

#include <exception>
#include <string>

#include "daemon/instances/manager.hpp"
#include "lib/core/completion.hpp"
#include "lib/core/result.hpp"

namespace bus {

/// A failure as a caller on the bus gets it: a D-Bus error name and a complete sentence.
struct CallError {
  std::string name;
  std::string message;
};

/// What a method call returns: its value, or why not.
template <class T = void>
using CallResult = core::Result<T, CallError>;

inline constexpr const char* kFailed = "org.freedesktop.DBus.Error.Failed";
inline constexpr const char* kInvalidArgs = "org.freedesktop.DBus.Error.InvalidArgs";
inline constexpr const char* kAccessDenied = "org.freedesktop.DBus.Error.AccessDenied";
inline constexpr const char* kAuthorizationRequired = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired";
inline constexpr const char* kLimitsExceeded = "org.freedesktop.DBus.Error.LimitsExceeded";

/// The D-Bus error name of each failure of the manager: one table.
[[nodiscard]] const char* errorName(instances::ErrorCode code) noexcept;
[[nodiscard]] CallError toCallError(const instances::ManagerError& error);
/// Logs what ended a call unexpectedly. The caller only learns that it happened: the text may contain paths and names
/// that the caller may not see.
[[nodiscard]] CallError internalError(const std::exception& error);
[[nodiscard]] CallError noSuchInstance(const std::string& name);

}  // namespace bus

/// The answer to a caller whose operation nobody can finish any more.
template <>
struct core::WhenDropped<bus::CallError> {
  static bus::CallError value();
};
