// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "ctl/supervisorctl/process_info.hpp"

namespace ctl {

class Session;

/// The processes that a list of names selects.
struct Selection {
  std::vector<ProcessInfo> found;     ///< in the order of the names; a process named twice is there twice
  std::vector<std::string> problems;  ///< "X: ERROR (no such process)"
};

/// Selects from `all` by process names, "group:*" and patterns. No name, or "all" among the names, selects everything.
[[nodiscard]] Selection select(const std::vector<ProcessInfo>& all, const std::vector<std::string>& names);

/// Replaces each pattern with the names that it matches, each process once. A pattern without a match is kept, and the
/// server will refuse it. Calls the server only if there is a pattern.
[[nodiscard]] Answer<std::vector<std::string>> expandPatterns(Session& session, std::vector<std::string> names);

}  // namespace ctl
