// SPDX-License-Identifier: MIT
#pragma once

#include <termios.h>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace terminal {

/// A terminal for a guest: we read and write `ours`, the guest gets `theirs`.
struct PseudoTerminal {
  core::UniqueFd ours;
  core::UniqueFd theirs;
};

/// Opens one with the settings and the size of the terminal `model`.
[[nodiscard]] core::Expected<PseudoTerminal> openLike(int model);
/// Sets the window size of `to` to that of `from`; the kernel sends SIGWINCH to the programs on it.
void copySize(int from, int to) noexcept;

/// Sets our terminal to raw mode between enter() and leave(): all keys and bytes pass unchanged. The destructor leaves,
/// too.
class RawTerminal {
 public:
  explicit RawTerminal(int fd) noexcept;
  ~RawTerminal() { leave(); }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  /// Does nothing in the background: then the terminal belongs to the shell. Sets raw mode again if it was entered
  /// already: the shell may have changed the settings while we were stopped.
  void enter() noexcept;
  void leave() noexcept;
  /// The key that stops a job (Ctrl-Z).
  [[nodiscard]] bool isStopKey(char c) const noexcept;

 private:
  int fd_;
  termios before_{};
  bool known_ = false;
  bool entered_ = false;
};

/// True if we are in the foreground of our controlling terminal `fd`, or if `fd` is another terminal, which does not
/// have job control for us.
[[nodiscard]] bool isForeground(int fd) noexcept;

}  // namespace terminal
