// SPDX-License-Identifier: MIT
#include "instance/output/syslog.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include <cerrno>

#include <fmt/core.h>

namespace output {
namespace {

/// "Nov 21 00:28:29", in English whatever the locale: RFC 3164.
std::string timestamp() {
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t now = ::time(nullptr);
  tm local{};
  ::localtime_r(&now, &local);
  return fmt::format("{} {:2} {:02}:{:02}:{:02}", months[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min,
                     local.tm_sec);
}

}  // namespace

Syslog::Syslog(std::string ident, std::string socket) : ident_(std::move(ident)), socket_(std::move(socket)) {}

bool Syslog::connect() noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) return false;
  socket_.copy(address.sun_path, socket_.size());
  fd_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_) return false;
  if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd_.reset();
  return fd_.valid();
}

void Syslog::send(std::string_view text) noexcept {
  const auto message = fmt::format("<{}>{} {}: {}", LOG_USER | LOG_INFO, timestamp(), ident_, text);
  const auto put = [&] {
    return fd_ && ::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
  };
  if (put() || (fd_ && errno == EAGAIN)) return;
  // The log daemon was restarted, or was not there before.
  if (connect()) put();
}

void Syslog::sendLines(std::string_view prefix, std::string_view bytes) noexcept {
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  std::string line;
  for (;;) {
    const auto end = bytes.find('\n');
    line.assign(prefix).append(bytes.substr(0, end));
    send(line);
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
  }
}

Syslog& systemLog() {
  static Syslog log("supervisord");
  return log;
}

}  // namespace output
