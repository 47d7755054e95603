// SPDX-License-Identifier: MIT
#pragma once

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/xmlrpc/client_error.hpp"
#include "lib/xmlrpc/endpoint.hpp"

namespace xmlrpc {

/// A connected stream socket. Every address of a host name is tried; the error is that of the last.
[[nodiscard]] core::Result<core::UniqueFd, ClientError> connectTo(const Endpoint& endpoint);
/// `errnum` as the kind that callers tell apart, with "what: text" for people.
[[nodiscard]] ClientError systemError(const std::string& what, int errnum);

}  // namespace xmlrpc
