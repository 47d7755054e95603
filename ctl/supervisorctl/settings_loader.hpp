// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ctl/supervisorctl/command_line.hpp"
#include "ctl/supervisorctl/settings.hpp"

namespace ctl {

/// Why no session can start; `exitStatus` as Supervisor's client ends.
struct SettingsError {
  std::string text;
  int exitStatus = 2;
};

/// The configuration file that a call means, as it was given or is found; it need not be there.
struct ConfigChoice {
  std::optional<std::string> file;  ///< nullopt: none
  bool byLink = false;              ///< called through a link of an instance, which says which file it is
};
/// `program` is the path by which we were called: it decides where the file is looked for. To be asked once: what lies
/// in a directory of others may be another file the next time.
[[nodiscard]] ConfigChoice chooseConfig(const CommandLine& line, const std::string& program);
/// Where the server is, after the command line or that file; the default if neither can tell.
[[nodiscard]] std::string serverUrlOf(const CommandLine& line, const ConfigChoice& config);

/// Reads the configuration file and puts the command line on top of it. As root without --trust, a file in which others
/// have a say by now counts as not there.
[[nodiscard]] core::Result<SessionSettings, SettingsError> loadSettings(const CommandLine& line,
                                                                        const std::string& program,
                                                                        const ConfigChoice& config);

}  // namespace ctl
