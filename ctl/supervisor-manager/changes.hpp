// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisor-manager/client.hpp"

namespace manager {

/// What a reload does, or would do, for people: a line for each instance and, indented, one for each detail.
[[nodiscard]] std::string toText(const std::vector<ChangeRow>& changes);
/// "/etc/x.conf:3: [supervisor:x] user: unknown".
[[nodiscard]] std::string toText(const ComplaintRow& complaint);
/// Whether something of it was refused or failed.
[[nodiscard]] bool hasFailed(const std::vector<ChangeRow>& changes);

}  // namespace manager
