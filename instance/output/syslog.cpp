// SPDX-License-Identifier: MIT
#include "instance/output/syslog.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include <fmt/core.h>

namespace output {
namespace {

/// "Nov 21 00:28:29", in English whatever the locale: RFC 3164.
std::string timestamp(std::time_t when) {
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  tm local{};
  ::localtime_r(&when, &local);
  return fmt::format("{} {:2} {:02}:{:02}:{:02}", months[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min,
                     local.tm_sec);
}

}  // namespace

Syslog::Syslog(Outlets& all, std::string ident, std::string socket)
    : Outlet(all), ident_(std::move(ident)), socket_(std::move(socket)) {}

/// Returns 0 or an errno.
int Syslog::connect() noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  socket_.copy(address.sun_path, socket_.size());
  unwatch();
  fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd_ && ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return 0;
  const int code = errno;
  fd_.reset();
  return code;
}

/// Returns 0 or an errno.
int Syslog::sendMessage(std::string_view message) noexcept {
  const auto put = [&] {
    if (!fd_) return ENOTCONN;
    ssize_t n = 0;
    do n = ::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    return n < 0 ? errno : 0;
  };
  const int code = put();
  if (code == 0 || code == EAGAIN || code == ENOBUFS || code == EMSGSIZE) return code;
  // The log daemon was restarted, or was not there before.
  const int failed = connect();
  return failed != 0 ? failed : put();
}

Outlet::Sent Syslog::send(Source& source, std::string_view bytes, std::time_t when) noexcept try {
  const auto head = fmt::format("<{}>{} {}: {}", LOG_USER | LOG_INFO, timestamp(when), ident_, source.prefix);
  std::string message;
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto line = bytes.substr(done, bytes.find('\n', done) - done);
    message.assign(head).append(line);
    const int code = sendMessage(message);
    exhausted_ = code == ENOBUFS;
    if (code == EAGAIN || code == ENOBUFS) return {done, 0};
    if (code == EMSGSIZE)
      source.losses.lost(code, line.size());  // this one alone
    else if (code != 0)
      return {done, code};
    done = std::min(bytes.size(), done + line.size() + 1);
  }
  return {done, 0};
} catch (const std::exception&) {
  return {0, ENOMEM};
}

}  // namespace output
