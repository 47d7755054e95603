// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/terminal/filter.hpp"

namespace ctl {

/// Standard output: lines gather in memory and leave in one write. Whoever is about to wait (for the server, the
/// keyboard) flushes first, so that nothing printed is ever held back.
class Output {
 public:
  Output();
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// One line. Names and answers come from a server that another account may run: what a terminal would obey, and a
  /// line end, is shown instead (core::printable), for pipes as well.
  void line(std::string_view text);
  /// Lines, the last one ended here; only line ends and tabs are obeyed.
  void lines(std::string_view text);
  /// Text of ours with colours and cursor movements; what stands in it from elsewhere is printable already.
  void raw(std::string_view bytes) { buffer_ += bytes; }
  /// What a program wrote, in pieces: byte for byte into a pipe, through a filter to a terminal. endLog() puts the
  /// terminal's colours right.
  void log(std::string_view bytes);
  void endLog();
  void flush() noexcept;

  [[nodiscard]] bool isTerminal() const noexcept { return terminal_; }
  /// A terminal that wants colours: never in pipes, never with NO_COLOR set or TERM=dumb.
  [[nodiscard]] bool colours() const noexcept { return colours_; }
  /// Columns of the terminal; 80 where there is none.
  [[nodiscard]] static int width() noexcept;

 private:
  std::string buffer_;
  terminal::Filter filter_{terminal::Filter::Allows::Log};
  bool terminal_ = false;
  bool colours_ = false;
};

/// Lines on standard error, at once; what a terminal would obey is shown instead.
void printError(std::string_view text);

/// `text` filled up with blanks to `width` columns.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

}  // namespace ctl
