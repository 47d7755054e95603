// SPDX-License-Identifier: MIT
#include "instance/http/listen_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "instance/http/listen_error.hpp"
#include "instance/http/listen_open.hpp"

namespace http {

ListenSocket::ListenSocket(Address address, core::UniqueFd fd) : address_(std::move(address)), fd_(std::move(fd)) {
  struct stat info {};
  if (address_.unixSocket && ::lstat(address_.path.c_str(), &info) == 0) file_.emplace(info.st_dev, info.st_ino);
}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
  if (this == &other) return *this;
  removeFile();  // while address_ and fd_ still belong to it
  address_ = std::move(other.address_);
  fd_ = std::move(other.fd_);
  file_ = other.file_;
  return *this;
}

ListenSocket::~ListenSocket() { removeFile(); }

void ListenSocket::removeFile() noexcept {
  if (!fd_ || !file_) return;
  struct stat info {};
  if (::lstat(address_.path.c_str(), &info) == 0 && file_ == std::pair(info.st_dev, info.st_ino))
    ::unlink(address_.path.c_str());
}

int ListenSocket::port() const noexcept {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

bool Address::operator==(const Address& other) const {
  return std::tie(unixSocket, path, mode, owner, host, port) ==
         std::tie(other.unixSocket, other.path, other.mode, other.owner, other.host, other.port);
}

core::Expected<ListenSocket> openListenSocket(const Address& address) {
  auto fd = address.unixSocket ? listenUnix(address) : listenInet(address);
  if (!fd) return located(std::move(fd).error(), address);
  return ListenSocket(address, std::move(*fd));
}

core::Expected<std::vector<ListenSocket>> openListenSockets(std::span<const Address> addresses,
                                                            std::vector<ListenSocket> kept) {
  const auto find = [&kept](const Address& wanted) {
    return std::find_if(kept.begin(), kept.end(), [&](const ListenSocket& s) { return s.address() == wanted; });
  };
  // Closed before others are opened: a new socket can need the same port, with another address.
  std::erase_if(kept, [&](const ListenSocket& socket) {
    return std::find(addresses.begin(), addresses.end(), socket.address()) == addresses.end();
  });
  std::vector<ListenSocket> sockets;
  for (const Address& address : addresses) {
    if (const auto known = find(address); known != kept.end()) {
      sockets.push_back(std::move(*known));
      kept.erase(known);
      continue;
    }
    auto opened = openListenSocket(address);
    if (!opened) return core::Err{std::move(opened).error()};
    sockets.push_back(std::move(*opened));
  }
  return sockets;
}

core::Expected<std::vector<ListenSocket>> openAhead(std::span<const Address> addresses, std::span<const Address> held) {
  const auto isHeld = [&held](auto&& matches) { return std::any_of(held.begin(), held.end(), matches); };
  std::vector<ListenSocket> sockets;
  for (const Address& address : addresses) {
    // A Unix socket that only changes its mode or owner has the same path: it replaces the old one later.
    if (isHeld([&](const Address& one) {
          return one == address || (one.unixSocket && address.unixSocket && one.path == address.path);
        }))
      continue;
    auto opened = openListenSocket(address);
    if (opened) {
      sockets.push_back(std::move(*opened));
      continue;
    }
    const bool byUs = !address.unixSocket && opened.error().code == EADDRINUSE &&
                      isHeld([&](const Address& one) { return !one.unixSocket && one.port == address.port; });
    if (!byUs) return core::Err{std::move(opened).error()};
  }
  return sockets;
}

}  // namespace http
