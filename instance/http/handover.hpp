// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "instance/http/listen_socket.hpp"

namespace state {
class Incoming;
struct Server;
}  // namespace state

namespace http {

/// The listening sockets of a predecessor, for `addresses` in their order. One whose descriptor did not come is opened
/// again.
[[nodiscard]] core::Expected<std::vector<ListenSocket>> restoreSockets(std::span<const Address> addresses,
                                                                       const std::vector<state::Server>& saved,
                                                                       state::Incoming& descriptors);

}  // namespace http
