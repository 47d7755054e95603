// SPDX-License-Identifier: MIT
#include "instance/http/listen_inet.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "instance/http/listen_error.hpp"

namespace http {
namespace {

constexpr int kBacklog = 1024;

core::Expected<core::UniqueFd> listenAt(const addrinfo& at) {
  core::UniqueFd fd(::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return listenError(errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), at.ai_addr, at.ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0) return listenError(errno);
  return fd;
}

}  // namespace

core::Expected<core::UniqueFd> listenInet(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  if (address.host.empty()) hints.ai_family = AF_INET;
  const std::string port = std::to_string(address.port);
  addrinfo* found = nullptr;
  const int r = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(), port.c_str(), &hints, &found);
  if (r == EAI_SYSTEM) return listenError(errno);
  if (r != 0) return listenError(std::to_string(r) + " (host " + address.host + ": " + ::gai_strerror(r) + ")");
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, &::freeaddrinfo);
  const addrinfo* chosen = found;
  for (const addrinfo* one = found; one != nullptr && chosen->ai_family != AF_INET; one = one->ai_next)
    if (one->ai_family == AF_INET) chosen = one;
  return listenAt(*chosen);
}

}  // namespace http
