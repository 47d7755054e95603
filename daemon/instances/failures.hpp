// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "daemon/instances/manager.hpp"

namespace instances {

/// Called exactly once, from the loop or before the asking call returns; never after the Manager is gone.
using Done = std::function<void(OperationResult)>;
/// The same for what answers with a text.
using TextDone = std::function<void(Answer<std::string>)>;

/// The outcome of an operation that failed; `message` is a complete sentence.
[[nodiscard]] OperationResult failure(ErrorCode code, std::string message);
/// An operation needs an instance that runs; the message names the command that starts it.
[[nodiscard]] OperationResult notRunning(const std::string& name);
[[nodiscard]] ManagerError managerEnds();

}  // namespace instances
