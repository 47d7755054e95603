// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/connect.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace xmlrpc {
namespace {

using Opened = core::Result<core::UniqueFd, ClientError>;

Opened connectAddress(const Endpoint& endpoint, int family, const sockaddr* address, socklen_t size) {
  core::UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return core::Err{systemError("socket", errno)};
  if (::connect(fd.get(), address, size) != 0) return core::Err{systemError("connect to " + endpoint.url, errno)};
  return fd;
}

Opened connectUnix(const Endpoint& endpoint) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.path.size() >= sizeof address.sun_path)
    return core::Err{systemError("connect to " + endpoint.url, ENAMETOOLONG)};
  std::memcpy(address.sun_path, endpoint.path.data(), endpoint.path.size());
  return connectAddress(endpoint, AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

Opened connectInet(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int r = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (r != 0)
    return core::Err{ClientError{ClientError::Kind::System, 0, "host " + endpoint.host + ": " + ::gai_strerror(r)}};
  Opened opened = core::Err{systemError("connect to " + endpoint.url, EADDRNOTAVAIL)};
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    opened = connectAddress(endpoint, one->ai_family, one->ai_addr, one->ai_addrlen);
    if (opened) break;
  }
  ::freeaddrinfo(found);
  // Without this, Nagle's algorithm could delay a request of more than one segment until the server's delayed ACK.
  const int on = 1;
  if (opened) ::setsockopt(opened->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return opened;
}

}  // namespace

ClientError systemError(const std::string& what, int errnum) {
  using Kind = ClientError::Kind;
  const Kind kind = errnum == ECONNREFUSED ? Kind::Refused : errnum == ENOENT ? Kind::NoFile : Kind::System;
  return ClientError{kind, errnum, what + ": " + std::strerror(errnum)};
}

Opened connectTo(const Endpoint& endpoint) { return endpoint.isUnix() ? connectUnix(endpoint) : connectInet(endpoint); }

}  // namespace xmlrpc
