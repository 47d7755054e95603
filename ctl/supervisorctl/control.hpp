// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"

namespace ctl {

class Session;

// What start, stop and restart do. Each prints its results, and sets the exit status for those that failed.

/// `restart` without options of its own: all stops, then all starts.
[[nodiscard]] Answer<void> stopAndStart(Session& session, const std::string& argument);
/// One call for each name, in order, or all of them in parallel.
[[nodiscard]] Answer<void> stopEach(Session& session, const std::vector<std::string>& names, bool sideBySide);
/// Each waits until its process runs.
[[nodiscard]] Answer<void> startEach(Session& session, const std::vector<std::string>& names, bool sideBySide);

}  // namespace ctl
