// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "daemon/instances/status.hpp"

namespace bus {

/// The properties of org.supervisormanager1.Instance that differ between `was` and `now`, for PropertiesChanged. Those
/// that change all the time, such as MemoryCurrent, are not signalled.
[[nodiscard]] std::vector<std::string> changedProperties(const instances::InstanceStatus& was,
                                                         const instances::InstanceStatus& now);

}  // namespace bus
