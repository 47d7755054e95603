// SPDX-License-Identifier: MIT
#pragma once

/// The names of the manager on the bus, for the manager and its command line. They are its public interface: clients,
/// the bus policy and the polkit rules use them, so they do not change.
namespace bus {

inline constexpr const char* kServiceName = "org.supervisormanager1";
inline constexpr const char* kManagerPath = "/org/supervisormanager1";
/// The parent of all objects of instances.
inline constexpr const char* kInstancePrefix = "/org/supervisormanager1/instance";
inline constexpr const char* kManagerInterface = "org.supervisormanager1.Manager";
inline constexpr const char* kInstanceInterface = "org.supervisormanager1.Instance";

/// Names of the manager's own errors. For failures that every service has it uses those of the bus.
namespace error {
inline constexpr const char* kNoSuchInstance = "org.supervisormanager1.Error.NoSuchInstance";
inline constexpr const char* kInstanceExists = "org.supervisormanager1.Error.InstanceExists";
inline constexpr const char* kInstanceBusy = "org.supervisormanager1.Error.InstanceBusy";
inline constexpr const char* kInstanceUnmanaged = "org.supervisormanager1.Error.InstanceUnmanaged";
inline constexpr const char* kInstanceProtected = "org.supervisormanager1.Error.InstanceProtected";
inline constexpr const char* kInstanceNotRunning = "org.supervisormanager1.Error.InstanceNotRunning";
inline constexpr const char* kNoSuchProgram = "org.supervisormanager1.Error.NoSuchProgram";
inline constexpr const char* kConfigInvalid = "org.supervisormanager1.Error.ConfigInvalid";
inline constexpr const char* kOperationFailed = "org.supervisormanager1.Error.OperationFailed";
inline constexpr const char* kTimeout = "org.supervisormanager1.Error.Timeout";
inline constexpr const char* kShuttingDown = "org.supervisormanager1.Error.ShuttingDown";
}  // namespace error

}  // namespace bus
