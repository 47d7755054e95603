// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "instance/config/model.hpp"
#include "lib/core/result.hpp"

namespace config {

struct ReadContext;

/// Every group of the configuration: [group:x] sections, then the programs, event listeners and fcgi-programs that
/// are not in a group. Sorted by (priority, name).
[[nodiscard]] core::Expected<std::vector<GroupPtr>> readGroups(ReadContext& context);

/// The sections of `document` with keys that programs take: [program-defaults], and groups with keys of their members.
[[nodiscard]] std::vector<SectionKeys> defaultsIn(const core::IniDocument& document);

}  // namespace config
