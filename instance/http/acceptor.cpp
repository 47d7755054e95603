// SPDX-License-Identifier: MIT
#include "instance/http/acceptor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "lib/core/log.hpp"

namespace http {
namespace {

/// Connections for one turn of the loop: a flood of new ones must not delay the others.
constexpr int kBatch = 64;

core::UniqueFd openSpare() { return core::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

std::string peerName(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return "localhost:0";
}

}  // namespace

Acceptor::Acceptor(core::EventLoop& loop, ListenSocket socket, Accepted accepted, MakeRoom makeRoom)
    : socket_(std::move(socket)),
      accepted_(std::move(accepted)),
      makeRoom_(std::move(makeRoom)),
      spare_(openSpare()),
      watch_(loop, socket_.fd(), core::IoWatch::Read, [this](std::uint32_t) { accept(); }),
      resume_(
          loop, [this] { watch_.setEvents(core::IoWatch::Read); }, core::milliseconds(100)) {}

ListenSocket Acceptor::release() {
  rest();
  resume_.disarm();
  return std::move(socket_);
}

void Acceptor::accept() {
  for (int i = 0; i < kBatch; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    core::UniqueFd fd(
        ::accept4(socket_.fd(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK || !survive(errno)) return;
      continue;
    }
    // An answer is written as a whole: waiting for more of it (Nagle) would only delay the last packet.
    const int on = 1;
    if (!socket_.address().unixSocket) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    try {
      accepted_(std::move(fd), peerName(address));
    } catch (const std::exception& error) {  // out of memory: the next client may need less, or come later
      logging::critical("closed a new connection: {}", error.what());
    }
    if (!spare_) spare_ = openSpare();
  }
}

/// A listening socket without free descriptors stays readable: without a pause the loop would spin. Closing the spare
/// descriptor lets one client be accepted, and turned away, instead of waiting in the queue.
bool Acceptor::survive(int errnum) {
  const bool exhausted = errnum == EMFILE || errnum == ENFILE;
  if (core::Clock::now() >= sayAgain_) {
    sayAgain_ = core::Clock::now() + core::seconds(60);
    logging::warn("cannot accept a connection: {}; {}", std::strerror(errnum),
                  exhausted ? "closing connections without a request to make room" : "trying again in one second");
  }
  if (exhausted && makeRoom_()) return true;
  if (exhausted && spare_) {
    spare_.reset();
    return true;
  }
  rest();
  return false;
}

void Acceptor::rest() {
  watch_.setEvents(core::IoWatch::None);
  resume_.armIn(core::seconds(1));
}

}  // namespace http
