// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/entries/entry.hpp"
#include "daemon/instances/machine.hpp"
#include "daemon/instances/status.hpp"

namespace instances {

/// The status of an instance as far as its entry and its machine know it; the runner adds what it knows of processes.
[[nodiscard]] InstanceStatus statusOf(const entries::Entry& entry, const Machine& machine);

}  // namespace instances
