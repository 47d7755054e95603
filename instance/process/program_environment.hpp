// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"

namespace config {
struct ProcessConfig;
}

namespace process {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// The variables of a program that are known only when it, or a command beside it, starts: those of its account, and of
/// its files, which are read here, with supervisord's rights. Of equal names the last counts. They override
/// ProcessConfig::environment. The error is a spawnerr.
[[nodiscard]] core::Result<Variables, std::string> startVariables(const config::ProcessConfig& config);

}  // namespace process
