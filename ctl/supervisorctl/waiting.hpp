// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"

namespace ctl {

class Session;

/// Waits until every named process is in `state`; "STOPPED" means that nothing of it runs (STOPPED, EXITED, FATAL).
/// `timeout` is in seconds; without one there is no limit. False: the time is over, or a process that should become
/// RUNNING is FATAL, or a name is unknown; what is missing has been said.
/// XML-RPC has no way to be told, so this asks again and again, at first often, later twice a second.
[[nodiscard]] Answer<bool> waitForState(Session& session, const std::vector<std::string>& names,
                                        const std::string& state, std::optional<int> timeout);

}  // namespace ctl
