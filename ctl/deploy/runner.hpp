// SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "lib/core/result.hpp"

namespace deploy {

/// While it lives, the signals that end a program wait until somebody asks for them: so what was begun is cleaned up.
class HeldSignals {
 public:
  HeldSignals();
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  [[nodiscard]] const sigset_t& held() const noexcept { return held_; }
  [[nodiscard]] const sigset_t& before() const noexcept { return before_; }

 private:
  sigset_t held_{};
  sigset_t before_{};
};

/// The path of a program in PATH, or an empty text.
[[nodiscard]] std::string findProgram(const std::string& name);

/// Runs a program with this process's files, terminal and process group, and waits for its end; signals that others
/// send to this process are passed on. Returns its exit status as a shell has it: 128 and the number of the signal that
/// ended it, or that this process was sent.
[[nodiscard]] core::Expected<int> runProgram(const std::vector<std::string>& arguments,
                                             const std::vector<std::string>& environment, const HeldSignals& signals);

}  // namespace deploy
