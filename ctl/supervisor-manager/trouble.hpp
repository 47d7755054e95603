// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ctl/supervisor-manager/session.hpp"

namespace manager {

/// The last lines of programs in trouble, by the program's name. Of each line a terminal obeys nothing.
using LastLines = std::map<std::string, std::vector<std::string>>;

/// Reads the last lines of what the first few programs in trouble wrote, as far as this caller may: nobody is asked for
/// a password, and what cannot be read is left out.
[[nodiscard]] LastLines lastLines(Session& session, const std::string& instance,
                                  const std::vector<ProgramRow>& programs);

/// A part for each program in trouble: its state and reason, and below it its last lines; and how many more there are.
[[nodiscard]] std::string troubleParts(const std::string& instance, const std::vector<ProgramRow>& programs,
                                       const LastLines& lines);

/// Its programs by state; nullptr: it has none, or has not told.
[[nodiscard]] const ProgramCounts* countsOf(const Properties& properties);
/// "1 FATAL" of an instance that runs, though not all is well.
[[nodiscard]] std::string troubleOf(const Properties& properties);
/// The state for people: "degraded" for one that runs in trouble.
[[nodiscard]] std::string shownState(const Properties& properties);

}  // namespace manager
