// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "ctl/supervisorctl/command_line.hpp"
#include "ctl/supervisorctl/settings.hpp"

namespace ctl {

/// Why the session cannot start, with the exit status that Supervisor's client has for it.
struct SettingsError {
  std::string text;
  int exitStatus = 2;
};

/// The configuration file of a call, from -c, a link or the search path. It may not exist.
struct ConfigChoice {
  std::optional<std::string> file;  ///< nullopt: none
  bool byLink = false;              ///< the link of an instance decides the file
};
/// `program` is the path by which we were called: the search starts there. Call this once and use the result: in a
/// directory of another account, the next call could return another file.
[[nodiscard]] ConfigChoice chooseConfig(const CommandLine& line, const std::string& program);
/// The URL of the server from the command line or that file, else the default.
[[nodiscard]] std::string serverUrlOf(const CommandLine& line, const ConfigChoice& config);

/// Reads the configuration file and then applies the command line. As root without --trust, a file that other accounts
/// control by now is treated as missing.
[[nodiscard]] core::Result<SessionSettings, SettingsError> loadSettings(const CommandLine& line,
                                                                        const std::string& program,
                                                                        const ConfigChoice& config);

}  // namespace ctl
