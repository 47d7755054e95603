// SPDX-License-Identifier: MIT
#pragma once

namespace manager {

/// Reads single keys of the terminal on standard input, without echo. The previous settings are restored by the
/// destructor, when a signal ends the program, and while it is stopped (Ctrl-Z). At most one object may exist.
class Keyboard {
 public:
  Keyboard();
  ~Keyboard();
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

  /// Waits for the given time, or until `q` is pressed, and returns whether it was. Without a terminal it only waits.
  [[nodiscard]] bool quitWithin(int milliseconds);

 private:
  bool active_ = false;
};

}  // namespace manager
