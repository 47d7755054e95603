// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace core {

/// The local address of a socket, as the kernel's tables of sockets have it.
struct LocalAddress {
  int family = 0;     ///< AF_INET, AF_INET6 or AF_UNIX
  std::string bytes;  ///< the path of a Unix socket, else the address in network order; empty: any address
  std::uint16_t port = 0;
};

/// That of `socket`, which is bound.
[[nodiscard]] Expected<LocalAddress> localAddressOf(int socket);

/// How many connections of stream sockets have this local address, of all processes of our network namespace. Those
/// whose peer has gone count until their process closes them. Those that nobody has accepted yet count for TCP; a Unix
/// socket that listens is readable then. Asks the kernel (sock_diag), or reads /proc/net if it does not answer; never
/// blocks.
[[nodiscard]] Expected<std::size_t> countConnections(const LocalAddress& address);

/// The same from the text of /proc/net/tcp or tcp6, or of /proc/net/unix.
[[nodiscard]] std::size_t countInTable(std::string_view table, const LocalAddress& address);

}  // namespace core
