// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "ctl/supervisorctl/process_info.hpp"
#include "lib/xmlrpc/value.hpp"

/// start, stop, signal, …: the methods that a command calls, and its words for their results.
namespace ctl {

/// The text for one result; empty: Supervisor's client does not know the code, and raises an exception.
using Words = std::string (*)(const CallReport& report);

/// Why the process of a start failed, as the server reports it for programs with a key that Supervisor does not have;
/// else empty.
[[nodiscard]] std::string spawnReason(const CallReport& report);

/// The differences between start, stop and signal.
struct Verb {
  std::string_view one, group, all;  ///< the methods
  std::string_view success;
  Words words;
  int ignored;          ///< a fault code that does not count as a failure, or 0
  int badGroupStatus;   ///< exit status for a group that does not exist
  xmlrpc::Array extra;  ///< parameters after the name
  /// What a stop does to the programs that depend on it, see stopProcesses; empty: it is not a stop.
  std::string dependents{};
};

/// The words of signals and stops.
[[nodiscard]] std::string signalWords(const CallReport& report);
/// The words of enable and disable.
[[nodiscard]] std::string enablingWords(const CallReport& report);

[[nodiscard]] const Verb& startVerb();
/// `dependents`: "all", "none" or "restarting", which is a stop that a start follows.
[[nodiscard]] Verb stopVerb(std::string dependents);
[[nodiscard]] const Verb& enableVerb();
[[nodiscard]] const Verb& disableVerb();
[[nodiscard]] const Verb& reloadVerb();
[[nodiscard]] Verb signalVerb(const std::string& signal);

}  // namespace ctl
