// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "daemon/instances/manager.hpp"

namespace instances {

/// The outcome of an operation that failed; `message` is a complete sentence.
[[nodiscard]] OperationResult failure(ErrorCode code, std::string message);
/// An operation needs an instance that runs: says how to start it.
[[nodiscard]] OperationResult notRunning(const std::string& name);

}  // namespace instances
