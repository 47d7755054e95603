// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "instance/config/model.hpp"

namespace config {

struct ReadContext;

/// Checks every [socket:x] section, also those that no program of `groups` uses, which is a warning. No two may have
/// the same address.
[[nodiscard]] core::Status checkSockets(ReadContext& context, const std::vector<GroupPtr>& groups);

/// The [socket:x] sections of `document`, for programs that are added at run time.
[[nodiscard]] std::vector<SectionKeys> socketSections(const core::IniDocument& document);

}  // namespace config
