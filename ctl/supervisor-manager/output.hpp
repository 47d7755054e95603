// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ctl/supervisor-manager/options.hpp"

namespace manager {

/// The number of columns for a table: the width of the terminal on standard output; 0 (no limit) if that is not a
/// terminal or --full is given.
[[nodiscard]] std::size_t tableWidth(const Options& options);
/// Whether to print colours: on a terminal, unless NO_COLOR is set.
[[nodiscard]] bool coloursWanted();
/// Writes to standard output without buffering. A closed pipe is ignored. On a terminal the text is filtered: only line
/// ends, tabs and colours are interpreted. Pipes get the text unchanged, so the caller makes texts of one line (a name,
/// a reason) printable before.
void print(std::string_view text);
/// Whether print() has been called.
[[nodiscard]] bool hasPrinted() noexcept;
/// Clears the terminal first.
void redraw(std::string_view text);
/// Uses the pager of the user if the text has more lines than the terminal.
void printPaged(const Options& options, const std::string& text);
/// Prints "supervisor-manager: TEXT" on standard error. Control characters are shown as text. Further lines are
/// indented, so that a text of an owner cannot imitate another message.
void complain(std::string_view text);
/// The line (without line end) in colour if `state` is one of trouble. The whole line is coloured, because scripts that
/// read a terminal match it.
[[nodiscard]] std::string coloured(std::string_view state, std::string_view line);

}  // namespace manager
