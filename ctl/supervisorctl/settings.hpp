// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace ctl {

/// What a session runs with: the command line over the configuration file over the defaults.
struct SessionSettings {
  std::string program;  ///< how we were called, for messages
  std::string serverUrl = "http://localhost:9001";
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::string prompt = "supervisor";
  std::string historyFile;  ///< empty: no history is kept
  bool trust = false;       ///< as root: files and sockets that others control are used, too
  /// Ask before what cannot be undone, and for a password that the server wants.
  bool interactive = false;
  std::vector<std::string> warnings;  ///< about the configuration, for standard error, once
  std::vector<std::string> action;    ///< one command and its words; empty: start the shell
};

}  // namespace ctl
