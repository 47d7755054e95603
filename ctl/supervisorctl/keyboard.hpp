// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <string_view>

#include "lib/core/unique_fd.hpp"

namespace ctl {

/// While an object exists, Ctrl-C (SIGINT) is blocked and makes fd() readable, so that poll() can wait for it.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  enum class Woken { Input, Interrupted, TimedOut };
  /// Waits until `input` is readable (-1: no descriptor), Ctrl-C is pressed or the time is over (-1: no limit).
  [[nodiscard]] Woken wait(int input, int milliseconds = -1) const;

 private:
  sigset_t previous_{};
  core::UniqueFd fd_;
};

/// How reading a line ended: with a line, at the end of the input, or with Ctrl-C.
enum class ReadResult { Line, End, Interrupted };

/// Reads standard input by lines: for the shell without a line editor, for confirmations and for `fg`.
class Keyboard {
 public:
  /// Reads one line without its end, after writing `prompt` to standard output. Flush buffered output first.
  [[nodiscard]] ReadResult readLine(std::string_view prompt, std::string& line);
  /// Reads a line from the terminal without echo; from standard input if there is no terminal.
  [[nodiscard]] ReadResult readPassword(std::string_view prompt, std::string& password);

  /// A line that has arrived already, if there is one.
  [[nodiscard]] std::optional<std::string> takeLine();
  /// Reads what is available on standard input. False: end of the input, or a failure.
  [[nodiscard]] bool fill();
  /// The text after the last line end, for the end of the input.
  [[nodiscard]] std::string takeRest();

 private:
  std::string buffer_;
};

}  // namespace ctl
