// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace terminal {

/// Makes safe for our terminal what another account wrote: a stream that comes in pieces of any size. What is not known
/// to be harmless is shown as core::printable() shows it ("\x1b]0;title\x07"), never obeyed and never dropped: whoever
/// reads sees what was tried, and nothing can swallow the text behind it. Terminals are taken to speak UTF-8.
///
/// No question passes that a terminal answers (it types the answer as if a person had), no title, clipboard, mode or
/// alternative screen.
class Filter {
 public:
  enum class Allows {
    Log,    ///< lines, tabs and colours: nothing that goes back over what was written
    Screen  ///< also what a line editor and a redrawn table need: the cursor, erasing, inserting, the bell
  };
  explicit Filter(Allows allows) noexcept : allows_(allows) {}

  /// What may be written now. The beginning of a sequence or character is held back until its end comes.
  [[nodiscard]] std::string feed(std::string_view bytes);
  /// What was held back, and what puts the terminal in order again (colours, insert mode, a hidden cursor).
  [[nodiscard]] std::string finish();

  /// How many of the first `most` bytes of what a filter gave may be written by themselves: they end between two
  /// sequences, characters or line ends. What another process writes to the same terminal behind half a sequence would
  /// complete it.
  [[nodiscard]] static std::size_t wholeTokens(std::string_view filtered, std::size_t most) noexcept;

 private:
  /// Handles the token at the front of `text`; 0: it is not whole yet.
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
