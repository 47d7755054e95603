// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace terminal {

/// Makes the output of another account safe for our terminal. The stream can come in pieces of any size. Everything
/// that is not known to be harmless is shown as text, in the form of core::printable() ("\x1b]0;title\x07"). It is not
/// dropped, so that the reader sees it, and so that an unfinished sequence cannot hide the text that follows. Terminals
/// are assumed to use UTF-8.
///
/// Not allowed are, for example, queries, which a terminal answers as if the user had typed, titles, the clipboard,
/// modes and the alternative screen.
class Filter {
 public:
  enum class Allows {
    Log,    ///< line ends, tabs and colours: nothing that changes text already written
    Screen  ///< also the sequences of line editors and redrawn tables: cursor, erasing, inserting, the bell
  };
  explicit Filter(Allows allows) noexcept : allows_(allows) {}

  /// Returns the text to write now. The beginning of a sequence or character is kept until its end arrives.
  [[nodiscard]] std::string feed(std::string_view bytes);
  /// Returns the rest, and the sequences that reset the terminal (colours, insert mode, a hidden cursor).
  [[nodiscard]] std::string finish();

  /// How many of the first `most` bytes of filtered text can be written in one call so that it does not end within a
  /// sequence, a character or a line end: output of another process on the same terminal would complete the sequence.
  [[nodiscard]] static std::size_t wholeTokens(std::string_view filtered, std::size_t most) noexcept;

 private:
  /// Handles the token at the front of `text` and returns its length; 0: it is not complete yet.
  std::size_t take(std::string_view text, std::string& out, bool atEnd);
  std::size_t takeEscape(std::string_view text, std::string& out, bool atEnd);
  [[nodiscard]] bool isAllowedControl(char32_t code) const noexcept;
  void note(std::string_view sequence) noexcept;

  Allows allows_;
  std::string held_;
  bool coloured_ = false;
  bool hidden_ = false;
  bool inserting_ = false;
};

}  // namespace terminal
