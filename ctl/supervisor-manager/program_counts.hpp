// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace manager {

/// Number of programs by the name of their state.
using ProgramCounts = std::map<std::string, std::uint32_t>;

/// "12 run, 1 FATAL, 2 stopped": running programs, then those in trouble, in capitals, then the rest; "none" if there
/// are no programs.
[[nodiscard]] std::string countsText(const ProgramCounts& counts);
/// "1 BACKOFF, 2 FATAL"; "" if no program is in trouble.
[[nodiscard]] std::string troubleText(const ProgramCounts& counts);

}  // namespace manager
