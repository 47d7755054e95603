// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ctl/supervisor-manager/options.hpp"

namespace manager {

/// Columns that a table may take: those of the terminal on standard output; 0, for any number, if it is none or --full
/// is given.
[[nodiscard]] std::size_t tableWidth(const Options& options);
/// Whether colours are wanted: a terminal, and NO_COLOR is not set.
[[nodiscard]] bool coloursWanted();
/// Writes to standard output at once. A reader that went away is no failure. A terminal gets it through a filter:
/// nothing of it but lines, tabs and colours is obeyed. What is one line (a name, a reason) is to be printable before:
/// pipes get the text as it is.
void print(std::string_view text);
/// Whether print() has been called.
[[nodiscard]] bool hasPrinted() noexcept;
/// The same on a cleared terminal.
void redraw(std::string_view text);
/// The same through the user's pager if it is longer than the terminal.
void printPaged(const Options& options, const std::string& text);
/// "supervisor-manager: TEXT" on standard error. What a terminal would obey is shown; further lines are indented, so
/// that none looks like a message of its own.
void complain(std::string_view text);
/// A line (without its end), in colour if the state it tells is one of trouble: as a whole, since scripts that read a
/// terminal match lines.
[[nodiscard]] std::string coloured(std::string_view state, std::string_view line);

}  // namespace manager
