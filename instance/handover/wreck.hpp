// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "instance/handover/store_link.hpp"
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

  enum class Attempts { Unlimited, Limited };
  /// Reads the journal. The error is for people. Limited: fails after three attempts that did not succeed; for a keeper
  /// that does not count them, as systemd: a state that makes supervisord crash would do so for ever.
  [[nodiscard]] core::Status read(Attempts attempts);

  /// What the keeper goes on to have: the descriptors, less those that are for this process only.
  [[nodiscard]] const std::vector<std::string>& kept() const noexcept { return kept_; }
  /// "signal 9", "exit status 3"; empty: not known.
  [[nodiscard]] const std::string& crash() const noexcept { return crash_; }

  /// It cannot be taken over, and is not to be handed over again: systemd's store forgets it. A manager does so by
  /// itself.
  void abandon(const core::Notifier& systemd) const noexcept { removeFromSystemd(systemd, names_); }

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
  std::vector<std::string> names_;
  std::vector<std::string> kept_;
};

}  // namespace handover
