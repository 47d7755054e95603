// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace manager {

/// Number of programs by Supervisor's word for their state.
using ProgramCounts = std::map<std::string, std::uint32_t>;

/// "12 run, 1 FATAL, 2 stopped": what runs, then what is in trouble, in capitals, then the rest; "none" for no program.
[[nodiscard]] std::string countsText(const ProgramCounts& counts);
/// "1 BACKOFF, 2 FATAL"; "" if all is well.
[[nodiscard]] std::string troubleText(const ProgramCounts& counts);

}  // namespace manager
