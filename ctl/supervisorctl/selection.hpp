// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "ctl/supervisorctl/failure.hpp"
#include "ctl/supervisorctl/process_info.hpp"

namespace ctl {

class Session;

/// The processes that names stand for.
struct Selection {
  std::vector<ProcessInfo> found;     ///< in the order of the names; a process named twice is there twice
  std::vector<std::string> problems;  ///< "X: ERROR (no such process)"
};

/// Picks from `all` by process names, "group:*" and patterns. No name, or "all" among them, means everything.
[[nodiscard]] Selection select(const std::vector<ProcessInfo>& all, const std::vector<std::string>& names);

/// Replaces each pattern by the names it fits, each process once; a pattern that fits nothing stays as it is, for the
/// server to refuse. Asks the server only if there is a pattern.
[[nodiscard]] Answer<std::vector<std::string>> expandPatterns(Session& session, std::vector<std::string> names);

}  // namespace ctl
