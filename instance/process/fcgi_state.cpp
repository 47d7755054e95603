// SPDX-License-Identifier: MIT
// How the socket of an fcgi-program goes over after a crash: its processes still have it.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include <fmt/core.h>

#include "instance/config/model.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "lib/core/log.hpp"

namespace process {

/// A program may have given its standard input another meaning.
bool FcgiListener::isOurs(int socket) const noexcept {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) return false;
  union {
    sockaddr any;
    sockaddr_un local;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } address{};
  size = sizeof address;
  if (::getsockname(socket, &address.any, &size) != 0) return false;
  switch (address.any.sa_family) {
    case AF_UNIX:
      return !config_->path.empty() &&
             config_->path == std::string_view(address.local.sun_path,
                                               ::strnlen(address.local.sun_path, sizeof address.local.sun_path));
    case AF_INET: return config_->path.empty() && ntohs(address.v4.sin_port) == config_->port;
    case AF_INET6: return config_->path.empty() && ntohs(address.v6.sin6_port) == config_->port;
    default: return false;
  }
}

core::Status FcgiListener::takeFrom(pid_t pid) {
  const core::UniqueFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process) return core::sysError("pidfd_open", errno);
  core::UniqueFd socket(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), STDIN_FILENO, 0)));
  if (!socket) return core::sysError("pidfd_getfd", errno);
  if (!isOurs(socket.get())) return core::Err{core::Error{"its standard input is another by now"}};
  fd_ = std::move(socket);
  logging::info("Continuing with socket {} of process {}", config_->url, pid);
  return {};
}

std::string FcgiListener::consequence() const {
  return config_->path.empty()
             ? "no other process can be started before these have ended: restart the whole group"
             : "the next start makes a new socket, and these get no more connections: restart the whole group";
}

}  // namespace process
