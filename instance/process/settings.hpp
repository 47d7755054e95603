// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>

namespace process {

/// What all programs of a table share, from [supervisord] and the HTTP servers.
struct SupervisorSettings {
  std::string identifier = "supervisor";
  std::string childLogDir = "/tmp";
  std::string serverUrl;  ///< SUPERVISOR_SERVER_URL for programs that set none; empty: there is no server
  bool stripAnsi = false;
  std::optional<rlimit> fileLimit{};  ///< RLIMIT_NOFILE of the programs; nullopt: ours
  std::string stateFile{};            ///< of Choices; empty: nothing is kept
  bool exitWhenAllExited = false;     ///< see FinalEnd
};

}  // namespace process
