// SPDX-License-Identifier: MIT
#include "instance/http/listen_open.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "instance/http/listen_error.hpp"
#include "lib/core/users.hpp"

namespace http {
namespace {

constexpr int kBacklog = 1024;

bool fillAddress(const std::string& path, sockaddr_un& address) {
  if (path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

/// Removes the temporary name on every return.
struct TemporaryName {
  std::string path;
  ~TemporaryName() { ::unlink(path.c_str()); }
};

/// Two supervisords that find the same stale socket must not both remove it: the second would remove the new socket of
/// the first. The lock is on the directory and needs no file. If another program holds it for a second, we continue
/// without it.
core::UniqueFd lockDirectory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
  core::UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && i < 20; ++i) ::poll(nullptr, 0, 50);
  return fd;
}

bool somebodyListens(const sockaddr_un& address) {
  const core::UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // A full queue (EAGAIN) or a missing permission means that somebody listens. Only these errors mean that nobody does.
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
         (errno != ECONNREFUSED && errno != ENOENT);
}

core::Status giveAway(const Address& address, const std::string& path) {
  if (address.owner) {
    const auto [uid, gid] = *address.owner;
    if (::lchown(path.c_str(), uid, gid) != 0) {
      const auto account = core::findAccount(::geteuid());
      return core::Err{core::Error{
          fmt::format("Not permitted to chown {} to uid/gid ({}, {}); adjust \"sockchown\" value in config file or on "
                      "command line to values that the current user ({}) can successfully chown",
                      address.path, static_cast<int>(uid), static_cast<int>(gid),
                      account ? account->name : std::to_string(::geteuid())),
          errno}};
    }
  }
  if (::chmod(path.c_str(), address.mode) != 0) return listenError(errno);
  return {};
}

/// Gives the ready socket its name; replaces a stale one.
core::Status publish(const Address& address, const sockaddr_un& target, const std::string& temporary) {
  for (int attempt = 0; attempt < 8; ++attempt) {
    if (::link(temporary.c_str(), address.path.c_str()) == 0) return {};
    if (errno != EEXIST) return listenError(errno);
    struct stat info {};
    if (::lstat(address.path.c_str(), &info) != 0) continue;
    if (!S_ISSOCK(info.st_mode))
      return listenError(address.path + " exists and is not a socket; remove it or configure another file");
    if (somebodyListens(target)) return listenError(EADDRINUSE);
    std::fprintf(stderr, "Unlinking stale socket %s\n", address.path.c_str());
    ::unlink(address.path.c_str());
  }
  return listenError(EEXIST);
}

core::Expected<core::UniqueFd> listenAt(const addrinfo& at) {
  core::UniqueFd fd(::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return listenError(errno);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), at.ai_addr, at.ai_addrlen) != 0 || ::listen(fd.get(), kBacklog) != 0) return listenError(errno);
  return fd;
}

}  // namespace

core::Expected<core::UniqueFd> listenUnix(const Address& address) {
  const TemporaryName temporary{address.path + "." + std::to_string(::getpid())};
  sockaddr_un target{};
  sockaddr_un bound{};
  if (!fillAddress(address.path, target) || !fillAddress(temporary.path, bound))
    return core::Err{core::Error{listenError("AF_UNIX path too long").value.text, ENAMETOOLONG}};
  core::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return listenError(errno);
  ::unlink(temporary.path.c_str());  // left by an earlier process with our id
  // The kernel creates the file with the mode of the socket: before chmod() only the owner can connect.
  ::fchmod(fd.get(), 0600);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&bound), sizeof bound) != 0) return listenError(errno);
  if (auto given = giveAway(address, temporary.path); !given) return core::Err{std::move(given).error()};
  if (::listen(fd.get(), kBacklog) != 0) return listenError(errno);
  const core::UniqueFd lock = lockDirectory(address.path);
  if (auto published = publish(address, target, temporary.path); !published)
    return core::Err{std::move(published).error()};
  return fd;
}

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
