// SPDX-License-Identifier: MIT
#include "daemon/instances/failures.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>

namespace instances {

const char* toText(ErrorCode code) noexcept {
  constexpr std::array texts{"NoSuchInstance",    "InstanceExists",     "InstanceBusy",  "InstanceUnmanaged",
                             "InstanceProtected", "InstanceNotRunning", "NoSuchProgram", "InvalidArgument",
                             "ConfigInvalid",     "OperationFailed",    "Timeout",       "NotSupported",
                             "ShuttingDown"};
  static_assert(texts.size() == static_cast<std::size_t>(ErrorCode::ShuttingDown) + 1);
  return texts[static_cast<std::size_t>(code)];
}

OperationResult failure(ErrorCode code, std::string message) {
  return core::Err{ManagerError{code, std::move(message)}};
}

OperationResult notRunning(const std::string& name) {
  return failure(ErrorCode::InstanceNotRunning,
                 fmt::format("Instance '{0}' does not run; start it first: supervisor-manager start {0}", name));
}

ManagerError managerEnds() { return {ErrorCode::ShuttingDown, "The manager is being stopped."}; }

}  // namespace instances

instances::ManagerError core::WhenDropped<instances::ManagerError>::value() {
  return {instances::ErrorCode::OperationFailed,
          "The operation was given up: its instance was removed, or the manager is being stopped."};
}
