// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisor-manager/client.hpp"

namespace manager {

/// The changes of a reload or a plan as text: one line per instance, and one indented line per detail.
[[nodiscard]] std::string toText(const std::vector<ChangeRow>& changes);
/// "/etc/x.conf:3: [supervisor:x] user: unknown".
[[nodiscard]] std::string toText(const ComplaintRow& complaint);
/// Whether a change was refused or failed.
[[nodiscard]] bool hasFailed(const std::vector<ChangeRow>& changes);

}  // namespace manager
