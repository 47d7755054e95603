// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace deploy {

/// While it lives, the signals that end a program wait until somebody takes them, so that what was begun is cleaned up.
/// Those that nobody takes are lost with it.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  /// One that has come and was not taken, or 0.
  [[nodiscard]] int take() const noexcept;

  [[nodiscard]] const sigset_t& held() const noexcept { return held_; }
  [[nodiscard]] const sigset_t& before() const noexcept { return before_; }

 private:
  sigset_t held_{};
  sigset_t before_{};
};

/// The path of a program in PATH, or an empty text.
[[nodiscard]] std::string findProgram(const std::string& name);

/// Runs a program with this process's files, terminal and process group, and waits for its end; signals that others
/// send to this process are passed on; after one that has come before, it is not started. Returns its exit status as a
/// shell has it: 128 and the number of the signal that ended it, or that this process was sent.
[[nodiscard]] core::Expected<int> runProgram(const std::vector<std::string>& arguments,
                                             const std::vector<std::string>& environment, const HeldSignals& signals);

}  // namespace deploy
