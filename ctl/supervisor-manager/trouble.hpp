// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ctl/supervisor-manager/session.hpp"

namespace manager {

/// The last lines of programs in trouble, by the program's name. Control characters in them are shown as text.
using LastLines = std::map<std::string, std::vector<std::string>>;

/// Reads the last lines of output of the first few programs in trouble. What this caller may not read is left out;
/// nobody is asked for a password.
[[nodiscard]] LastLines lastLines(Session& session, const std::string& instance,
                                  const std::vector<ProgramRow>& programs);

/// A paragraph per program in trouble with its state, reason and last lines, and the number of programs left out.
[[nodiscard]] std::string troubleParts(const std::string& instance, const std::vector<ProgramRow>& programs,
                                       const LastLines& lines);

/// The programs of an instance by state; nullptr if it has none or has not reported them.
[[nodiscard]] const ProgramCounts* countsOf(const Properties& properties);
/// "1 FATAL" for a running instance with a program in trouble; else "".
[[nodiscard]] std::string troubleOf(const Properties& properties);
/// The state for users: "degraded" for a running instance with a program in trouble.
[[nodiscard]] std::string shownState(const Properties& properties);

}  // namespace manager
