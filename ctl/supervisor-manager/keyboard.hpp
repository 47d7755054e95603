// SPDX-License-Identifier: MIT
#pragma once

namespace manager {

/// The keys of the terminal on standard input, each as it is pressed and unseen. The terminal is as it was before when
/// this object goes, when a signal ends the program, and while it is stopped (Ctrl-Z). One at a time.
class Keyboard {
 public:
  Keyboard();
  ~Keyboard();
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  /// Waits so long, or until `q` is pressed: then the value is true. Without a terminal it only waits.
  [[nodiscard]] bool quitWithin(int milliseconds);

 private:
  bool active_ = false;
};

}  // namespace manager
