// SPDX-License-Identifier: MIT
#include "lib/core/socket_address.hpp"

#include <arpa/inet.h>

#include <cerrno>
#include <cstring>

namespace core {

SocketAddress SocketAddress::ofPath(std::string_view path) noexcept {
  SocketAddress out;
  if (path.empty() || path.size() >= sizeof out.name.local.sun_path) return out;
  out.name.local.sun_family = AF_UNIX;
  path.copy(out.name.local.sun_path, sizeof out.name.local.sun_path - 1);
  out.size = sizeof out.name.local;
  return out;
}

SocketAddress SocketAddress::ofHost(int family, const std::string& host, std::uint16_t port) noexcept {
  SocketAddress out;
  if (family == AF_INET6) {
    out.name.v6.sin6_family = AF_INET6;
    out.name.v6.sin6_port = htons(port);
    if (host.empty() || ::inet_pton(AF_INET6, host.c_str(), &out.name.v6.sin6_addr) == 1) out.size = sizeof out.name.v6;
  } else if (family == AF_INET) {
    out.name.v4.sin_family = AF_INET;
    out.name.v4.sin_port = htons(port);
    if (host.empty() || ::inet_pton(AF_INET, host.c_str(), &out.name.v4.sin_addr) == 1) out.size = sizeof out.name.v4;
  }
  return out;
}

SocketAddress SocketAddress::ofSocket(int socket) noexcept {
  SocketAddress out;
  socklen_t size = sizeof out.name;
  if (::getsockname(socket, &out.name.any, &size) != 0) return {};
  const int family = out.name.any.sa_family;
  if (family == AF_UNIX || family == AF_INET || family == AF_INET6)
    out.size = size;
  else
    errno = EAFNOSUPPORT;
  return out;
}

std::string_view SocketAddress::path() const noexcept {
  if (family() != AF_UNIX) return {};
  return {name.local.sun_path, ::strnlen(name.local.sun_path, sizeof name.local.sun_path)};
}

std::string_view SocketAddress::hostBytes() const noexcept {
  switch (family()) {
    case AF_INET: return {reinterpret_cast<const char*>(&name.v4.sin_addr), sizeof name.v4.sin_addr};
    case AF_INET6: return {reinterpret_cast<const char*>(&name.v6.sin6_addr), sizeof name.v6.sin6_addr};
    default: return {};
  }
}

std::uint16_t SocketAddress::port() const noexcept {
  switch (family()) {
    case AF_INET: return ntohs(name.v4.sin_port);
    case AF_INET6: return ntohs(name.v6.sin6_port);
    default: return 0;
  }
}

}  // namespace core
