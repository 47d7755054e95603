// SPDX-License-Identifier: MIT
#include "daemon/instances/failures.hpp"

#include <fmt/core.h>

#include <utility>

namespace instances {

OperationResult failure(ErrorCode code, std::string message) {
  return core::Err{ManagerError{code, std::move(message)}};
}

OperationResult notRunning(const std::string& name) {
  return failure(ErrorCode::InstanceNotRunning,
                 fmt::format("Instance '{0}' does not run; start it first: supervisor-manager start {0}", name));
}

}  // namespace instances

instances::ManagerError core::WhenDropped<instances::ManagerError>::value() {
  return {instances::ErrorCode::OperationFailed,
          "The operation was given up: its instance was removed, or the manager is being stopped."};
}
