// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "lib/core/clock.hpp"

namespace ctl {

class Session;

/// Waits until every named process is in `state`; "STOPPED" is any state in which nothing runs (STOPPED, EXITED,
/// FATAL). `timeout` is in seconds, from `since` on; without one there is no limit. False, after a message: the time is
/// over, a process that should become RUNNING is FATAL, or a name is unknown. XML-RPC cannot notify a client, so this
/// calls the server repeatedly, at first often, later twice a second.
///
/// `started`: of a start, the full names of the processes for which it was asked. What is stopped and not one of them
/// was left out by the server, and is not awaited; one that has ended with success, and will not come back by itself,
/// counts as RUNNING, and without success as FATAL.
[[nodiscard]] Answer<bool> waitForState(Session& session, const std::vector<std::string>& names,
                                        const std::string& state, std::optional<int> timeout,
                                        core::Instant since = core::Clock::now(),
                                        const std::set<std::string>* started = nullptr);

}  // namespace ctl
