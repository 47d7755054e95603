// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "daemon/instances/status.hpp"

namespace bus {

/// The properties of org.supervisormanager1.Instance that `now` shows differently from `was` and whose changes are
/// told: what PropertiesChanged lists.
[[nodiscard]] std::vector<std::string> changedProperties(const instances::InstanceStatus& was,
                                                         const instances::InstanceStatus& now);

}  // namespace bus
