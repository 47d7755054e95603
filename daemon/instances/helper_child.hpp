// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

namespace instances {

/// Forks a helper that keeps the ids of the manager and does what must not hold up the manager itself. It has the
/// descriptors of `keep`, with their numbers, and no others of the manager's: what it is held up by holds no lock and
/// no connection of the manager. It makes system calls only, with signals as by default, and is ended after `seconds`.
/// Returns its pid, or -1 with errno.
[[nodiscard]] pid_t forkHelper(std::vector<int> keep, unsigned seconds, const std::function<void()>& work);

}  // namespace instances
