// SPDX-License-Identifier: MIT
#pragma once

#include "instance/http/listen_socket.hpp"

namespace http {

/// Listens on a TCP port, IPv4 or IPv6. A host name that has both is served on IPv4, as by Supervisor.
[[nodiscard]] core::Expected<core::UniqueFd> listenInet(const Address& address);

}  // namespace http
