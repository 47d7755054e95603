// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "instance/http/authenticator.hpp"
#include "instance/http/host_names.hpp"

namespace http {

/// One entrance of the server, usually a listening socket: what it requires of its clients, and what they use.
struct Gate {
  std::unique_ptr<Authenticator> authenticator;  ///< nullptr: requests need no password
  std::optional<HostNames> hosts;                ///< nothing: every Host is allowed
  std::size_t connections = 0;
  std::size_t held = 0;          ///< bytes of requests and answers, of all its connections
  bool saidHostRefused = false;  ///< logged once: visitors cannot fill the log
};

}  // namespace http
