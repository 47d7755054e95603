// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "lib/core/clock.hpp"

namespace http {

/// What clients can use. Each connection has one deadline; without connections there is no timer.
struct Limits {
  std::size_t header = 16 * 1024;
  std::size_t body = 16 * 1024 * 1024;         ///< one request can carry the standard input of a program
  std::size_t connections = 1024;              ///< of all gates; never more than half of the descriptors
  std::size_t held = 64 * 1024 * 1024;         ///< bytes of requests and answers of one gate's clients
  std::size_t discarded = 64 * 1024;           ///< of a refused body, to keep the connection
  std::size_t outputBacklog = 64 * 1024;       ///< a stream pauses while that much is unsent
  core::Duration request = core::seconds(30);  ///< from a request's first byte to its last header
  core::Duration stall = core::seconds(60);    ///< without progress in a body or an answer
  core::Duration idle = core::seconds(1800);   ///< between requests, as in Supervisor
};

}  // namespace http
