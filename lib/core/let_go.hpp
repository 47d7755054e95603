// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>

namespace core {

/// Gives the address of a bound socket up while copies of it are open, in programs that end slowly or in the manager:
/// nobody listens at it any more, and a successor can have the address. For a datagram socket the successor must be of
/// the same account, and not root (isLetGo). Blocks while somebody is in the middle of a call with a copy.
void letGo(int socket) noexcept;

/// Whether all datagram sockets at `port`, of any account and address, were given up by this account. A socket that
/// shares the port with these (SO_REUSEPORT) gets every datagram. Not for root: the programs of other accounts that
/// have copies of its sockets could take a share back.
[[nodiscard]] bool isLetGo(std::uint16_t port);

/// The same from the text of /proc/net/udp or udp6, for account `uid`.
[[nodiscard]] bool isLetGoInTable(std::string_view table, std::uint16_t port, uid_t uid);

}  // namespace core
