// SPDX-License-Identifier: MIT
#include "instance/probe/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace probe {
namespace {

using Kind = config::ProbeTarget::Kind;

Address unixAddress(const std::string& path) noexcept {
  Address address;
  auto& to = *reinterpret_cast<sockaddr_un*>(&address.storage);
  if (path.size() >= sizeof to.sun_path) return address;
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, path.data(), path.size());
  address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  if (path[0] == '@') {  // abstract: a name of exactly this length
    to.sun_path[0] = '\0';
    --address.size;
  }
  return address;
}

Address inetAddress(const char* host, int port) noexcept {
  Address address;
  auto& v4 = *reinterpret_cast<sockaddr_in*>(&address.storage);
  auto& v6 = *reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof v4;
  } else if (::inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof v6;
  }
  return address;
}

}  // namespace

Address addressOf(const config::ProbeTarget& target, std::size_t index) noexcept {
  const bool local = target.kind != Kind::Unix && target.host == "localhost";
  if (index > (local ? 1U : 0U)) return {};
  if (target.kind == Kind::Unix) return unixAddress(target.place);
  if (local) return inetAddress(index == 0 ? "127.0.0.1" : "::1", target.port);
  return inetAddress(target.host.c_str(), target.port);
}

bool isConnectedToItself(int socket) noexcept {
  Address ours;
  Address theirs;
  ours.size = theirs.size = sizeof(sockaddr_storage);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&ours.storage), &ours.size) != 0 ||
      ::getpeername(socket, reinterpret_cast<sockaddr*>(&theirs.storage), &theirs.size) != 0)
    return false;
  return ours.storage.ss_family != AF_UNIX && ours.size == theirs.size &&
         std::memcmp(&ours.storage, &theirs.storage, ours.size) == 0;
}

}  // namespace probe
