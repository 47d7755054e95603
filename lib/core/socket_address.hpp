// SPDX-License-Identifier: MIT
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace core {

/// An address of a Unix, IPv4 or IPv6 socket, as the system calls take it.
struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_un local;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } name{};
  socklen_t size = 0;  ///< 0: there is no address

  /// `path` has room: at most sizeof(sockaddr_un::sun_path) - 1 bytes. A longer one gives no address.
  [[nodiscard]] static SocketAddress ofPath(std::string_view path) noexcept;
  /// `host` is numeric, IPv6 without brackets; empty: every address of `family`. Another text gives no address.
  [[nodiscard]] static SocketAddress ofHost(int family, const std::string& host, std::uint16_t port) noexcept;
  /// To which `socket` is bound. No address, with errno: it is none, or of another family.
  [[nodiscard]] static SocketAddress ofSocket(int socket) noexcept;

  [[nodiscard]] bool valid() const noexcept { return size != 0; }
  [[nodiscard]] int family() const noexcept { return size == 0 ? AF_UNSPEC : name.any.sa_family; }
  [[nodiscard]] const sockaddr* get() const noexcept { return &name.any; }
  /// Of a Unix socket; empty if it has no name.
  [[nodiscard]] std::string_view path() const noexcept;
  /// Of the others, in network order.
  [[nodiscard]] std::string_view hostBytes() const noexcept;
  /// Of the others; 0 of a Unix socket.
  [[nodiscard]] std::uint16_t port() const noexcept;
};

}  // namespace core
