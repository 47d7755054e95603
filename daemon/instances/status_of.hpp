// SPDX-License-Identifier: MIT
#pragma once

#include "daemon/entries/entry.hpp"
#include "daemon/instances/machine.hpp"
#include "daemon/instances/status.hpp"

namespace instances {

/// What an entry and its machine tell of an instance; its runner adds what it knows of the processes.
[[nodiscard]] InstanceStatus statusOf(const entries::Entry& entry, const Machine& machine);

}  // namespace instances
