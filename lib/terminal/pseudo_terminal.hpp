// SPDX-License-Identifier: MIT
#pragma once

#include <termios.h>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace terminal {

/// A terminal of its own for a guest: `ours` is what we read and write, `theirs` what the guest gets.
struct PseudoTerminal {
  core::UniqueFd ours;
  core::UniqueFd theirs;
};

/// A new one with the settings and the size of the terminal `model`.
[[nodiscard]] core::Expected<PseudoTerminal> openLike(int model);
/// Gives `to` the window size of `from`, which tells the programs on it.
void copySize(int from, int to) noexcept;

/// Our terminal, passing on every key and every byte as they are while entered, and as it was when left. Leaving
/// happens at the end of the scope, too.
class RawTerminal {
 public:
  explicit RawTerminal(int fd) noexcept;
  ~RawTerminal() { leave(); }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  /// Nothing happens from the background: a shell that went on has the terminal now. When entered already, it is done
  /// again: whoever saw us stopped may have put the terminal in order for itself.
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

/// True: `fd` is our controlling terminal and we are its foreground, or it is another one, which asks nobody.
[[nodiscard]] bool isForeground(int fd) noexcept;

}  // namespace terminal
