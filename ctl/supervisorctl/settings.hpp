// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ctl {

/// The settings of a session: from the command line, else from the configuration file, else the defaults.
struct SessionSettings {
  std::string program;  ///< the path by which we were called, for messages
  std::string serverUrl = "http://localhost:9001";
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::string prompt = "supervisor";
  std::string historyFile;  ///< empty: the history is not stored
  bool trust = false;       ///< as root: use files and sockets that other accounts control
  /// Ask before shutdown and reload, and for a password if the server requires it.
  bool interactive = false;
  std::vector<std::string> warnings;  ///< about the configuration, to print once on standard error
  std::vector<std::string> action;    ///< one command and its words; empty: start the shell
};

}  // namespace ctl
