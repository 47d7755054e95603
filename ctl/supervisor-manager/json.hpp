// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/supervisor-manager/client.hpp"
#include "lib/core/json.hpp"

/// Writes the JSON of --json.
namespace manager::json {

[[nodiscard]] std::string counts(const ProgramCounts& counts);
/// UINT64_MAX, which means unknown or unlimited on the bus, becomes null.
[[nodiscard]] std::string toText(const Value& value);
/// The key of a property of the bus: "MainPID" is "main_pid". All verbs use the same keys.
[[nodiscard]] std::string keyOf(std::string_view property);
/// An object; values are JSON already.
[[nodiscard]] std::string object(const std::vector<std::pair<std::string, std::string>>& members);
[[nodiscard]] std::string array(const std::vector<std::string>& elements);
/// What a verb that failed prints if it has no other output: {"error":{"code":6,"message":"…"}}.
[[nodiscard]] std::string error(int code, const std::string& message);
/// Changes, refused entries and warnings: what plan and reload print.
[[nodiscard]] std::string planText(const Client::Plan& plan);
[[nodiscard]] std::string strings(const std::vector<std::string>& texts);

}  // namespace manager::json
