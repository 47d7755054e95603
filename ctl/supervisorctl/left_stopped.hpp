// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"

namespace ctl {

class Session;

/// Of the programs that a restart has stopped, those that are still STOPPED because the start of a group, or of all,
/// leaves them out: one that ran by request outside of its run_window, a job. Not those that are disabled. `reported`:
/// what that start has reported. Calls the server only if something is missing there.
[[nodiscard]] Answer<std::vector<std::string>> leftStopped(Session& session, const std::vector<std::string>& stopped,
                                                           const std::vector<std::string>& reported);

}  // namespace ctl
