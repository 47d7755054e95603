// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/core/users.hpp"

namespace config {
struct ProcessConfig;
}  // namespace config
namespace core {
struct SpawnSpec;
}

namespace process {

/// Who the child of a program has to become; nullopt: it stays as supervisord. The error is a spawnerr: its account
/// does not exist any more, or only root can give it its groups.
[[nodiscard]] core::Result<std::optional<core::Identity>, std::string> identityFor(const config::ProcessConfig& config);
/// Adds limits, priorities, capabilities and the view of the file system to `spec`. A limit replaces one that the spec
/// has. The error is a spawnerr: a combination that cannot be.
[[nodiscard]] core::Result<void, std::string> grant(const config::ProcessConfig& config, core::SpawnSpec& spec);

/// Fails, with the reason, if the program could not see `path` because of its private_tmp. `what`: "its credentials".
[[nodiscard]] core::Status checkVisible(const config::ProcessConfig& config, const char* what, std::string_view path);

}  // namespace process
