// SPDX-License-Identifier: MIT
// How the socket of an fcgi-program goes over after a crash: its processes still have it.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/core.h>

#include "instance/config/model.hpp"
#include "instance/process/fcgi_listener.hpp"
#include "lib/core/log.hpp"
#include "lib/core/socket_address.hpp"

namespace process {

/// A program may have given its standard input another meaning.
bool FcgiListener::isOurs(int socket) const noexcept {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) return false;
  const auto address = core::SocketAddress::ofSocket(socket);
  if (!address.valid()) return false;
  if (address.family() == AF_UNIX) return !config_->path.empty() && config_->path == address.path();
  return config_->path.empty() && address.port() == config_->port;
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
