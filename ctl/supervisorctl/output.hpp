// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/terminal/filter.hpp"

namespace ctl {

/// Standard output, buffered: a thousand lines are one write. Code that is about to wait (for the server, the keyboard)
/// flushes first, so that the user sees everything that was printed.
class Output {
 public:
  Output();
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// One line. Names and answers come from a server that another account may run: control characters and line ends are
  /// shown as text (core::printable), in pipes as well.
  void line(std::string_view text);
  /// Several lines, without the last line end. Control characters other than line ends and tabs are shown as text.
  void lines(std::string_view text);
  /// Text with colours and cursor movements. Parts that come from the server must be printable already.
  void raw(std::string_view bytes) { buffer_ += bytes; }
  /// A piece of a program's output: unchanged into a pipe, filtered for a terminal. endLog() resets the colours of the
  /// terminal.
  void log(std::string_view bytes);
  void endLog();
  void flush() noexcept;

  [[nodiscard]] bool isTerminal() const noexcept { return terminal_; }
  /// Whether to print colours: on a terminal, unless NO_COLOR is set or TERM is "dumb".
  [[nodiscard]] bool colours() const noexcept { return colours_; }
  /// Columns of the terminal; 80 if there is none.
  [[nodiscard]] static int width() noexcept;

 private:
  std::string buffer_;
  terminal::Filter filter_{terminal::Filter::Allows::Log};
  bool terminal_ = false;
  bool colours_ = false;
};

/// Writes lines to standard error without buffering; control characters are shown as text.
void printError(std::string_view text);

/// `text`, padded with blanks to `width` columns.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);
/// `words` in as few rows as fit into `width`, column by column, two blanks between columns; each row ends with '\n'.
[[nodiscard]] std::string inColumns(const std::vector<std::string_view>& words, std::size_t width);

}  // namespace ctl
