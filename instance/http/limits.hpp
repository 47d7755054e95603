// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "lib/core/clock.hpp"

namespace http {

/// What clients may cost. One deadline runs for each connection, none when there is no connection.
struct Limits {
  std::size_t header = 16 * 1024;
  std::size_t body = 16 * 1024 * 1024;         ///< standard input of a program may come in one request
  std::size_t connections = 1024;              ///< of all gates; never more than half of the descriptors
  std::size_t held = 64 * 1024 * 1024;         ///< bytes of requests and answers that one gate's clients keep here
  std::size_t discarded = 64 * 1024;           ///< of a refused body, so that the connection can go on
  std::size_t outputBacklog = 64 * 1024;       ///< a stream waits while that much is unsent
  core::Duration request = core::seconds(30);  ///< from a request's first byte to its last header
  core::Duration stall = core::seconds(60);    ///< without progress in a body or an answer
  core::Duration idle = core::seconds(1800);   ///< between requests, as Supervisor
};

}  // namespace http
