// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "instance/http/listen_socket.hpp"
#include "lib/core/result.hpp"

namespace http {

/// Supervisor's words for a socket that cannot be opened.
[[nodiscard]] core::Err<core::Error> listenError(int errnum);
[[nodiscard]] core::Err<core::Error> listenError(const std::string& reason);

/// The same error with the address, what to do about it, and where it is configured.
[[nodiscard]] core::Err<core::Error> located(core::Error error, const Address& address);

}  // namespace http
