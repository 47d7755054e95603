// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "instance/http/request.hpp"

namespace http {

/// Logs one line at TRACE for an answered request, in the format of Medusa, the server in Supervisor.
void logAccess(const Request& request, int status, std::size_t bytes);

}  // namespace http
