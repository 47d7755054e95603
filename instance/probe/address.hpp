// SPDX-License-Identifier: MIT
#pragma once

#include <sys/socket.h>

#include <cstddef>

#include "lib/dialect/probe_target.hpp"

namespace probe {

/// An address to connect to.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;  ///< 0: there is none
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// The `index`-th address of a target: localhost has two, others have one. Needs no resolver.
[[nodiscard]] Address addressOf(const config::ProbeTarget& target, std::size_t index) noexcept;
/// Whether a connection within this host has been given its own port: it has found itself, and no server. It happens
/// where nobody listens on a port of the range that the kernel takes the ports of clients from.
[[nodiscard]] bool isConnectedToItself(int socket) noexcept;

}  // namespace probe
