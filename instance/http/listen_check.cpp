// SPDX-License-Identifier: MIT
#include "instance/http/listen_check.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "instance/http/listen_error.hpp"
#include "lib/core/files.hpp"
#include "lib/core/unique_fd.hpp"

namespace http {
namespace {

core::Status checkUnix(const Address& address, const std::function<bool(const std::string&)>& isMade) {
  // The socket is created under a temporary name, the path and the process id (listen_open.cpp).
  if (address.path.size() + std::to_string(::getpid()).size() + 1 >= sizeof(sockaddr_un::sun_path))
    return core::Err{core::Error{listenError("AF_UNIX path too long").value.text, ENAMETOOLONG}};
  const std::string directory = core::directoryOf(address.path);
  if (!isMade(directory) && ::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return listenError(errno);
  struct stat info {};
  if (::lstat(address.path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode))
    return listenError(address.path + " exists and is not a socket; remove it or configure another file");
  return {};
}

/// Names are not looked up: that can take long, and the answer can be different at the start.
core::Status checkInet(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST;
  addrinfo* found = nullptr;
  if (address.host.empty() || ::getaddrinfo(address.host.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, &::freeaddrinfo);
  const core::UniqueFd probe(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // With any free port: the configured one may be in use by the supervisord that will be replaced.
  if (!probe || ::bind(probe.get(), found->ai_addr, found->ai_addrlen) == 0 || errno != EADDRNOTAVAIL) return {};
  return listenError(errno);
}

}  // namespace

core::Status checkAddress(const Address& address, const std::function<bool(const std::string&)>& isMade) {
  auto good = address.unixSocket ? checkUnix(address, isMade) : checkInet(address);
  if (!good) return located(std::move(good).error(), address);
  return {};
}

}  // namespace http
