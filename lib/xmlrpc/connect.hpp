// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/xmlrpc/client_error.hpp"
#include "lib/xmlrpc/endpoint.hpp"

namespace xmlrpc {

/// A connected stream socket. Every address of a host name is tried; the error is that of the last.
[[nodiscard]] core::Result<core::UniqueFd, ClientError> connectTo(const Endpoint& endpoint);
/// The error for `errnum`, with the kind that callers distinguish and the text "what: reason".
[[nodiscard]] ClientError systemError(const std::string& what, int errnum);

}  // namespace xmlrpc
