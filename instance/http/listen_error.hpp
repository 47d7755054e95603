// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/http/listen_socket.hpp"
#include "lib/core/result.hpp"

namespace http {

/// Supervisor's message for a socket that cannot be opened.
[[nodiscard]] core::Err<core::Error> listenError(int errnum);
[[nodiscard]] core::Err<core::Error> listenError(const std::string& reason);

/// Adds to an error the address, what to do, and where the address is configured.
[[nodiscard]] core::Err<core::Error> located(core::Error error, const Address& address);

}  // namespace http
