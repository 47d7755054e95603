// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace ctl {

/// Standard output: lines gather in memory and leave in one write. Whoever is about to wait (for the server, the
/// keyboard) flushes first, so that nothing printed is ever held back.
class Output {
 public:
  Output();
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void line(std::string_view text);
  void raw(std::string_view bytes) { buffer_ += bytes; }
  void flush() noexcept;

  [[nodiscard]] bool isTerminal() const noexcept { return terminal_; }
  /// A terminal that wants colours: never in pipes, never with NO_COLOR set or TERM=dumb.
  [[nodiscard]] bool colours() const noexcept { return colours_; }
  /// Columns of the terminal; 80 where there is none.
  [[nodiscard]] static int width() noexcept;

 private:
  std::string buffer_;
  bool terminal_ = false;
  bool colours_ = false;
};

/// One line on standard error, at once.
void printError(std::string_view text) noexcept;

/// `text` filled up with blanks to `width` columns.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

}  // namespace ctl
