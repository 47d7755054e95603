// SPDX-License-Identifier: MIT
#include "instance/process/listen_socket.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "instance/config/model.hpp"
#include "instance/process/last_close.hpp"
#include "lib/core/connections.hpp"
#include "lib/core/let_go.hpp"
#include "lib/core/socket_address.hpp"

namespace process {
namespace {

using config::ListenSocket;

/// Without socket_mode, as of an fcgi-program: only for the account of supervisord, or the owner.
constexpr mode_t kSocketMode = 0700;

core::Err<core::Error> listenFailure(int code, const char* what = nullptr) {
  return core::Err{
      core::Error{fmt::format("{}{}{}", what ? what : "", what ? ": " : "", ::strerrordesc_np(code)), code}};
}

int typeOf(const ListenSocket& socket) noexcept {
  return socket.kind == ListenSocket::Kind::Udp ? SOCK_DGRAM : SOCK_STREAM;
}

/// An address of `family`. `shared`: beside the datagram sockets of this account that have it and share it, too.
core::Expected<core::UniqueFd> bindInet(const ListenSocket& socket, int family, bool shared) {
  const auto address = core::SocketAddress::ofHost(family, socket.host, static_cast<std::uint16_t>(socket.port));
  core::UniqueFd fd(::socket(family, typeOf(socket) | SOCK_CLOEXEC, 0));
  if (!fd) return listenFailure(errno);
  const int on = 1, off = 0;
  if (family == AF_INET6)
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, socket.host.empty() ? &off : &on, sizeof on);
  // Not for datagrams: any account could then have the address, too.
  if (socket.kind == ListenSocket::Kind::Tcp) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd.get(), address.get(), address.size) != 0) return listenFailure(errno);
  if (shared) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &off, sizeof off);
  return fd;
}

/// "*" is both families, or IPv4 where there is no IPv6.
core::Expected<core::UniqueFd> bindAll(const ListenSocket& socket, bool shared) {
  if (socket.host.empty()) {
    auto both = bindInet(socket, AF_INET6, shared);
    if (both || (both.error().code != EAFNOSUPPORT && both.error().code != EADDRNOTAVAIL)) return both;
  }
  return bindInet(socket, socket.host.find(':') != std::string::npos ? AF_INET6 : AF_INET, shared);
}

core::Expected<core::UniqueFd> openInet(const ListenSocket& socket) {
  auto opened = bindAll(socket, false);
  const bool taken = !opened && opened.error().code == EADDRINUSE && socket.kind == ListenSocket::Kind::Udp;
  // By copies of a socket that a predecessor has closed.
  if (taken && core::isLetGo(static_cast<std::uint16_t>(socket.port))) return bindAll(socket, true);
  return opened;
}

/// Removes the file of a socket that nobody listens at. An error: the path is in use.
core::Status clearPath(const ListenSocket& socket) {
  struct stat found {};
  if (::lstat(socket.path.c_str(), &found) != 0) return errno == ENOENT ? core::Status() : listenFailure(errno);
  if (!S_ISSOCK(found.st_mode)) return core::Err{core::Error{"the file exists and is not a socket", EEXIST}};
  const auto address = core::SocketAddress::ofPath(socket.path);
  const core::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // A full queue or a missing permission means that somebody listens. Only these errors mean that nobody does.
  if (!probe || ::connect(probe.get(), address.get(), address.size) == 0 || (errno != ECONNREFUSED && errno != ENOENT))
    return listenFailure(EADDRINUSE);
  if (::unlink(socket.path.c_str()) != 0 && errno != ENOENT) return listenFailure(errno);
  return {};
}

core::Expected<core::UniqueFd> openUnix(const ListenSocket& socket) {
  if (auto clear = clearPath(socket); !clear) return core::Err{std::move(clear).error()};
  const auto address = core::SocketAddress::ofPath(socket.path);
  core::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return listenFailure(errno);
  // Nobody may connect before the mode is the configured one.
  const mode_t before = ::umask(0777);
  const int bound = ::bind(fd.get(), address.get(), address.size);
  const int code = errno;
  ::umask(before);
  if (bound != 0) return listenFailure(code);
  return fd;
}

/// Whether the socket is bound to this address.
bool isAt(int fd, const ListenSocket& socket) {
  const auto address = core::localAddressOf(fd);
  if (!address) return false;
  if (socket.kind == ListenSocket::Kind::Unix) return address->family == AF_UNIX && address->bytes == socket.path;
  if (address->family == AF_UNIX || address->port != socket.port) return false;
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (address->bytes.empty()) return socket.host.empty() || socket.host == "0.0.0.0" || socket.host == "::";
  return ::inet_ntop(address->family, address->bytes.data(), host.data(), host.size()) != nullptr &&
         socket.host == host.data();
}

bool isSame(const struct stat& found, const SocketFile& file) noexcept {
  return S_ISSOCK(found.st_mode) && found.st_dev == file.device && found.st_ino == file.inode;
}

}  // namespace

core::Expected<OpenedSocket> openListenSocket(const ListenSocket& socket) {
  auto fd = socket.kind == ListenSocket::Kind::Unix ? openUnix(socket) : openInet(socket);
  if (!fd) return core::Err{std::move(fd).error()};
  OpenedSocket opened{std::move(*fd), {}};
  opened.file = socketFileOf(socket);
  if (auto dressed = dressListenSocket(opened.fd.get(), opened.file, socket); !dressed) {
    removeSocketFile(socket, opened.file);
    return core::Err{std::move(dressed).error()};
  }
  return opened;
}

core::Status dressListenSocket(int fd, const SocketFile& file, const ListenSocket& socket) {
  if (socket.kind == ListenSocket::Kind::Unix) {
    // By the file itself and not by its path, which could lead to another file at each call.
    const core::UniqueFd node(::open(socket.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat found {};
    if (!node || ::fstat(node.get(), &found) != 0) return listenFailure(errno);
    if (!isSame(found, file) || found.st_nlink != 1)
      return core::Err{core::Error{"its file was replaced by another one", ESTALE}};
    if (const auto& owner = socket.owner)
      if (::fchownat(node.get(), "", owner->first, owner->second, AT_EMPTY_PATH) != 0)
        return listenFailure(errno, "socket_owner");
    const auto path = fmt::format("/proc/self/fd/{}", node.get());
    if (::chmod(path.c_str(), socket.mode.value_or(kSocketMode)) != 0) return listenFailure(errno, "socket_mode");
  }
  if (socket.kind == ListenSocket::Kind::Udp) return {};
  if (::listen(fd, socket.backlog.value_or(SOMAXCONN)) != 0) return listenFailure(errno);
  return {};
}

bool isListening(int fd, const ListenSocket& socket) noexcept {
  const bool datagrams = socket.kind == ListenSocket::Kind::Udp;
  int value = 0;
  socklen_t size = sizeof value;
  if (fd < 0 || ::getsockopt(fd, SOL_SOCKET, datagrams ? SO_TYPE : SO_ACCEPTCONN, &value, &size) != 0) return false;
  return datagrams ? value == SOCK_DGRAM : value != 0;
}

SocketFile socketFileOf(const ListenSocket& socket) noexcept {
  struct stat found {};
  const bool exists = socket.kind == ListenSocket::Kind::Unix && ::lstat(socket.path.c_str(), &found) == 0;
  return exists && S_ISSOCK(found.st_mode) ? SocketFile{found.st_dev, found.st_ino} : SocketFile{};
}

void removeSocketFile(const ListenSocket& socket, const SocketFile& file) noexcept {
  struct stat found {};
  if (file.inode == 0 || ::lstat(socket.path.c_str(), &found) != 0 || !isSame(found, file)) return;
  ::unlink(socket.path.c_str());
}

core::UniqueFd takeListenSocket(pid_t pid, int number, const ListenSocket& socket) {
  const core::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  std::array<char, 32> kind{};
  const auto link = fmt::format("/proc/{}/fd/{}", pid, number);
  if (!process || ::readlink(link.c_str(), kind.data(), kind.size()) < 0 ||
      std::strncmp(kind.data(), "socket:", 7) != 0)
    return {};
  core::UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), number, 0)));
  if (isListening(fd.get(), socket) && isAt(fd.get(), socket)) return fd;
  int type = 0;
  socklen_t size = sizeof type;
  if (fd && ::getsockopt(fd.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    // It was replaced meanwhile, by a file whose close may never end: it stays open.
    (void)fd.release();
    return {};
  }
  std::vector<core::UniqueFd> refused;
  refused.push_back(std::move(fd));
  closeAside(std::move(refused));
  return {};
}

}  // namespace process
