// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "instance/state/descriptors.hpp"
#include "instance/state/journal.hpp"
#include "instance/state/state.hpp"
#include "lib/core/result.hpp"

namespace handover {

/// The exit status of a supervisord that cannot take over: whoever started it has to end the programs.
inline constexpr int kCannotTakeOver = 7;

/// What a supervisord that has crashed left, handed over by the process that kept it (LISTEN_FDS, LISTEN_FDNAMES as
/// systemd has them; SUPERVISORD_CRASH: how it ended).
class Wreck {
 public:
  /// Whether the environment has one. Without, its variables stay as they are.
  [[nodiscard]] static bool announced();
  /// Takes the variables out of the environment, and the descriptors.
  Wreck();

  /// Reads the journal. The error is for people.
  [[nodiscard]] core::Status read();

  /// "signal 9", "exit status 3"; empty: not known.
  [[nodiscard]] const std::string& crash() const noexcept { return crash_; }

  /// What was not taken is closed, and the memory is given back.
  void clear() {
    state = {};
    descriptors = {};
  }

  state::State state;
  state::Incoming descriptors;
  std::unique_ptr<state::Journal> journal;

 private:
  std::string crash_;
};

}  // namespace handover
