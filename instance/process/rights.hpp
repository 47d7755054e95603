// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "lib/core/result.hpp"
#include "lib/core/users.hpp"

namespace config {
struct Limits;
struct ProcessConfig;
}  // namespace config
namespace core {
struct SpawnSpec;
}

namespace process {

/// Who the child of a program has to become; nullopt: it stays as supervisord. The error is a spawnerr: its account
/// does not exist any more, or only root can give it its groups.
[[nodiscard]] core::Result<std::optional<core::Identity>, std::string> identityFor(const config::ProcessConfig& config);
/// Adds limits, priorities and capabilities to `spec`. A limit replaces one that the spec has.
void grant(const config::Limits& limits, core::SpawnSpec& spec);

}  // namespace process
