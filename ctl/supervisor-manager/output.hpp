// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ctl/supervisor-manager/options.hpp"

namespace manager {

/// Columns of the terminal on standard output, 0 if it is none.
[[nodiscard]] std::size_t terminalWidth();
/// Whether colours are wanted: a terminal, and NO_COLOR is not set.
[[nodiscard]] bool coloursWanted();
/// Writes to standard output at once. A reader that went away is no failure.
void print(std::string_view text);
/// The same through the user's pager if it is longer than the terminal.
void printPaged(const Options& options, const std::string& text);
/// "supervisor-manager: TEXT" on standard error.
void complain(std::string_view text);
/// The state word in its colour.
[[nodiscard]] std::string coloured(std::string_view state, std::string_view text);

}  // namespace manager
