// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "daemon/instances/manager.hpp"

namespace instances {

/// The outcome of an operation that failed; `message` is a complete sentence.
[[nodiscard]] OperationResult failure(ErrorCode code, std::string message);
/// An operation needs an instance that runs; the message names the command that starts it.
[[nodiscard]] OperationResult notRunning(const std::string& name);
/// The manager stops all instances: nothing is started any more.
[[nodiscard]] ManagerError managerEnds();

}  // namespace instances
