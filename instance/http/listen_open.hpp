// SPDX-License-Identifier: MIT
#pragma once

#include "instance/http/listen_socket.hpp"

namespace http {

/// Listens on a Unix socket. It is bound under a temporary name, given its mode and owner, and linked to its own name
/// when it is ready: clients never see an unfinished one. A stale socket of that name is replaced; any other
/// kind of file is not.
[[nodiscard]] core::Expected<core::UniqueFd> listenUnix(const Address& address);

/// Listens on a TCP port, IPv4 or IPv6. A host name that has both is served on IPv4, as by Supervisor.
[[nodiscard]] core::Expected<core::UniqueFd> listenInet(const Address& address);

}  // namespace http
