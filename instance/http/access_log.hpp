// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "instance/http/request.hpp"

namespace http {

/// One line at TRACE for each answered request, as Medusa writes it.
void logAccess(const Request& request, int status, std::size_t bytes);

}  // namespace http
