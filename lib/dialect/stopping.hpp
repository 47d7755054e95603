// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/expansion.hpp"
#include "lib/core/result.hpp"
#include "lib/lifecycle/rules.hpp"

namespace config {

class SectionReader;

/// Which processes the stop signals and SIGKILL go to.
enum class KillScope {
  Default,  ///< as stopasgroup and killasgroup say
  Process,
  Group,
  Session,  ///< the program leads a session of its own
  Tree,     ///< the same, and everything that descends from it
};
/// What happens to processes that a program leaves behind when it ends by itself.
enum class Leftovers { Keep, Stop };

/// How a program is stopped, beyond Supervisor's one signal.
struct Stopping {
  std::vector<lifecycle::StopStep> steps;  ///< stopsignal = TERM 10, INT 5, KILL; empty: one signal, as in Supervisor
  KillScope scope = KillScope::Default;    ///< kill_scope
  Leftovers leftovers = Leftovers::Keep;   ///< leftovers

  /// Whether the program has a session of its own.
  [[nodiscard]] bool ownSession() const noexcept { return scope == KillScope::Session || scope == KillScope::Tree; }
  bool operator==(const Stopping&) const = default;
};

/// Whether the text of `stopsignal` is more than one signal.
[[nodiscard]] bool isStopSequence(std::string_view text);
/// "TERM 10, INT 5, KILL": signals, each with the time until the next step. `wait`: the time where none is given.
[[nodiscard]] core::Expected<std::vector<lifecycle::StopStep>> parseStopSequence(std::string_view text,
                                                                                 core::milliseconds wait);
/// Whether the section has something for readStopping() to read, besides its own keys.
[[nodiscard]] bool hasStopSequence(const SectionReader& in);
/// `wait`: stopwaitsecs.
void readStopping(SectionReader& in, const core::Names& names, core::milliseconds wait, Stopping& stopping);

}  // namespace config
