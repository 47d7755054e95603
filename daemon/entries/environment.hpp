// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "daemon/entries/entry.hpp"

namespace entries {

/// Names the instance that a process belongs to, in the environment of all of them.
inline constexpr const char* kMark = "SUPERVISOR_MANAGER_INSTANCE";

/// The environment of a process of the entry's owner, "KEY=value", without what is only for an instance.
[[nodiscard]] std::vector<std::string> ownerEnvironment(const Entry& entry);

}  // namespace entries
