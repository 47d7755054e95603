// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ctl/supervisor-manager/session.hpp"

namespace manager {

/// A verb of the command line.
struct Verb {
  const char* name;
  const char* usage;   ///< what follows the name
  const char* help;    ///< one sentence; empty: hidden
  std::size_t fewest;  ///< number of arguments
  std::size_t most;
  ExitCode (*run)(Session&);
  const char* more =
      "";  ///< more text for `help VERB`: paragraphs of one line; a line that begins with a blank is not wrapped
  bool json = true;  ///< it has output in JSON
};
[[nodiscard]] std::span<const Verb> verbs() noexcept;
/// The verb of that name; nullptr if there is none.
[[nodiscard]] const Verb* findVerb(std::string_view name) noexcept;
/// Help in 80 columns: an overview, or the description of one verb.
[[nodiscard]] std::string helpText();
[[nodiscard]] std::string helpText(const Verb& verb);
/// The message about a verb that does not exist, with a similar one if there is one.
[[nodiscard]] std::string unknownVerb(const std::string& word);

// The verbs, by file.
ExitCode list(Session& session);
ExitCode status(Session& session);
ExitCode programs(Session& session);
ExitCode complete(Session& session);

ExitCode start(Session& session);
ExitCode stop(Session& session);
ExitCode restart(Session& session);
ExitCode reload(Session& session);
ExitCode upgrade(Session& session);
ExitCode kill(Session& session);
ExitCode enable(Session& session);
ExitCode disable(Session& session);
ExitCode startProgram(Session& session);
ExitCode stopProgram(Session& session);
ExitCode restartProgram(Session& session);

ExitCode create(Session& session);
ExitCode edit(Session& session);
ExitCode remove(Session& session);
ExitCode plan(Session& session);
ExitCode verify(Session& session);

ExitCode monitor(Session& session);
ExitCode top(Session& session);

ExitCode logs(Session& session);
ExitCode ctl(Session& session);

ExitCode daemonReexec(Session& session);
ExitCode help(Session& session);

}  // namespace manager
