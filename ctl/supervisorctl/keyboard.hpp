// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/unique_fd.hpp"

namespace ctl {

/// Ctrl-C as something to wait for: while an object lives, SIGINT is blocked and makes fd() readable.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  enum class Woken { Input, Interrupted, TimedOut };
  /// Waits until `input` (or nothing, with -1) is readable, Ctrl-C comes or the time is over (-1: never).
  [[nodiscard]] Woken wait(int input, int milliseconds = -1) const;

 private:
  sigset_t previous_{};
  core::UniqueFd fd_;
};

/// How reading a line ended: with a line, at the end of the input, or with Ctrl-C.
enum class ReadResult { Line, End, Interrupted };

/// Standard input by lines, for the shell without a line editor, for confirmations and for `fg`.
class Keyboard {
 public:
  /// Reads one line without its end. `prompt` goes to standard output first; flush yours before.
  [[nodiscard]] ReadResult readLine(std::string_view prompt, std::string& line);
  /// Reads a line from the terminal without showing it; from standard input where there is no terminal.
  [[nodiscard]] ReadResult readPassword(std::string_view prompt, std::string& password);

  /// A line that has arrived already, if there is one.
  [[nodiscard]] std::optional<std::string> takeLine();
  /// Takes what standard input has. False: its end, or a failure.
  [[nodiscard]] bool fill();
  /// What came after the last line end, at the end of the input.
  [[nodiscard]] std::string takeRest();

 private:
  std::string buffer_;
};

}  // namespace ctl
