// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "lib/core/clock.hpp"

namespace http {

/// What clients may cost. One deadline runs for each connection, none when there is no connection.
struct Limits {
  std::size_t header = 16 * 1024;
  std::size_t body = 16 * 1024 * 1024;  ///< standard input of a program may come in one request
  std::size_t connections = 1024;       ///< never more than half of the descriptors
  std::size_t outputBacklog = 64 * 1024;  ///< a stream waits while that much is unsent
  core::Duration request = core::seconds(30);  ///< from a request's first byte to its last header
  core::Duration stall = core::seconds(60);    ///< without progress in a body or an answer
  core::Duration idle = core::seconds(1800);   ///< between requests, as Supervisor
};

}  // namespace http
