// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace core {

/// True: a terminal may obey this character instead of showing it (C0, DEL, C1), or it changes unseen how the text
/// beside it is shown or read (line and paragraph separators, marks and overrides of the writing direction, invisible
/// and tag characters). The joiners U+200C and U+200D, which some scripts and emoji need, are not among them.
[[nodiscard]] bool isUnsafeOnTerminal(char32_t character) noexcept;

/// `text` as one line that is safe on any terminal, and shows what it hides: an unsafe character becomes "\n", "\x1b",
/// "\u202e" or "\U000e0041", a byte that is not UTF-8 "\x9b". All else stays, backslashes too: it is for people, not to
/// be read back. For single-line fields such as names, states and reasons.
[[nodiscard]] std::string printable(std::string_view text);
/// The same for a text of several lines: line ends and tabs stay.
[[nodiscard]] std::string printableLines(std::string_view text);

/// `text` without the control sequences of terminals (colours, the cursor, titles), each left out whole; for what
/// cannot carry them. One that began in `before`, the text before it, is left out as well, and so is the
/// beginning of one at the end. An ESC that begins no sequence stays.
[[nodiscard]] std::string withoutSequences(std::string_view text, std::string_view before = {});

}  // namespace core
