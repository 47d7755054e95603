// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "instance/http/authenticator.hpp"
#include "instance/http/host_names.hpp"

namespace http {

/// One way into the server, usually a listening socket: what it asks of its clients, and what they hold.
struct Gate {
  std::unique_ptr<Authenticator> authenticator;  ///< nobody: requests need no password
  std::optional<HostNames> hosts;                ///< nothing: any Host will do
  std::size_t connections = 0;
  std::size_t held = 0;          ///< bytes of requests and answers, of all its connections
  bool saidHostRefused = false;  ///< in the log, which is not for visitors to fill
};

}  // namespace http
