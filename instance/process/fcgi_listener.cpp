// SPDX-License-Identifier: MIT
#include "instance/process/fcgi_listener.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "instance/config/model.hpp"
#include "lib/core/log.hpp"

namespace process {
namespace {

core::Err<core::Error> failure(const std::string& url, int code) {
  return core::Err{core::Error{
      fmt::format("Could not create FastCGI socket {}: [Errno {}] {}", url, code, ::strerrordesc_np(code)), code}};
}

}  // namespace

core::Expected<core::UniqueFd> FcgiListener::openUnix() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (config_->path.size() >= sizeof address.sun_path) return failure(config_->url, ENAMETOOLONG);
  config_->path.copy(address.sun_path, config_->path.size());
  core::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return failure(config_->url, errno);
  if (::unlink(config_->path.c_str()) != 0 && errno != ENOENT) return failure(config_->url, errno);
  // Nobody may connect before the mode is the configured one.
  const mode_t before = ::umask(0777);
  const int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int code = errno;
  ::umask(before);
  if (bound != 0) return failure(config_->url, code);
  if (const auto& owner = config_->owner)
    if (::lchown(config_->path.c_str(), owner->first, owner->second) != 0)
      return core::sysError("Could not change ownership of socket file", errno);
  if (::chmod(config_->path.c_str(), config_->mode.value_or(0700)) != 0)
    return core::sysError("Could not change permissions of socket file", errno);
  return fd;
}

core::Expected<core::UniqueFd> FcgiListener::openTcp() const {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int problem = ::getaddrinfo(config_->host.empty() ? nullptr : config_->host.c_str(),
                                    std::to_string(config_->port).c_str(), &hints, &found);
  if (problem != 0)
    return core::Err{
        core::Error{fmt::format("Could not create FastCGI socket {}: {}", config_->url, ::gai_strerror(problem)), 0}};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, &::freeaddrinfo);
  core::UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0)
    return failure(config_->url, errno);
  return fd;
}

core::Expected<core::UniqueFd> FcgiListener::open() const {
  auto fd = config_->path.empty() ? openTcp() : openUnix();
  if (fd && ::listen(fd->get(), config_->backlog.value_or(SOMAXCONN)) != 0) return failure(config_->url, errno);
  return fd;
}

core::Status FcgiListener::probe() {
  const auto fd = open();
  if (!fd) return core::Err{fd.error()};
  return {};
}

core::Expected<int> FcgiListener::acquire() {
  if (!fd_) {
    logging::info("Creating socket {}", config_->url);
    auto fd = open();
    if (!fd) return core::Err{std::move(fd).error()};
    fd_ = std::move(*fd);
  }
  ++users_;
  return fd_.get();
}

void FcgiListener::release() {
  if (users_ == 0 || --users_ > 0) return;
  logging::info("Closing socket {}", config_->url);
  fd_.reset();
}

}  // namespace process
