// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <memory>
#include <string>

#include "instance/http/gate.hpp"
#include "instance/http/server.hpp"

namespace test {

inline http::Gate guarded() {
  http::Gate gate;
  gate.authenticator = std::make_unique<http::Authenticator>("user", "pa:ss");
  return gate;
}
inline const std::string kRight = "Authorization: Basic dXNlcjpwYTpzcw==\r\n";  // user:pa:ss

inline bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// The other end of a connection to a server, on one loop and one thread.
class Client {
 public:
  Client(core::EventLoop& loop, http::Server& server, const std::shared_ptr<http::Gate>& gate) : loop_(loop) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    fd_.reset(ends[0]);
    server.addConnection(core::UniqueFd(ends[1]), "localhost:0", gate);
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
      if (n < 0 && errno != EAGAIN) break;
      turn();
    }
  }
  /// Lets the server work until `wanted` has arrived or it closes; gives and forgets what has come.
  std::string receiveUntil(std::string_view wanted) {
    for (int i = 0; i < 1000 && !closed_ && got_.find(wanted) == std::string::npos; ++i) {
      turn();
      read();
    }
    return std::exchange(got_, {});
  }
  /// All that comes until the server closes.
  std::string receiveAll() {
    for (int i = 0; i < 5000 && !closed_; ++i) {
      turn();
      read();
    }
    CHECK(closed_);
    return std::exchange(got_, {});
  }
  std::string ask(std::string_view request, std::string_view until) {
    send(request);
    return receiveUntil(until);
  }
  void turn() { loop_.step(core::milliseconds(1)); }
  void read() {
    char block[65536];
    for (;;) {
      const ssize_t n = ::recv(fd_.get(), block, sizeof block, 0);
      if (n == 0) closed_ = true;
      if (n <= 0) return;
      got_.append(block, static_cast<std::size_t>(n));
    }
  }
  void hangUp() { fd_.reset(); }
  /// How many of its bytes the server has not read.
  [[nodiscard]] int unread() const {
    int bytes = 0;
    REQUIRE(::ioctl(fd_.get(), SIOCOUTQ, &bytes) == 0);
    return bytes;
  }
  void setSendBuffer(int bytes) { ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes); }
  void halfClose() { ::shutdown(fd_.get(), SHUT_WR); }
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  [[nodiscard]] const std::string& got() const noexcept { return got_; }

 private:
  core::EventLoop& loop_;
  core::UniqueFd fd_;
  std::string got_;
  bool closed_ = false;
};

}  // namespace test
