// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "instance/http/listen_socket.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace http {

/// Accepts the connections of one listening socket. When descriptors run out it turns clients away with a spare one,
/// and rests for a second when it has none: a socket that stays readable never makes the loop spin.
class Acceptor {
 public:
  using Accepted = std::function<void(core::UniqueFd fd, std::string peer)>;

  Acceptor(core::EventLoop& loop, ListenSocket socket, Accepted accepted);
  /// Stops accepting.
  [[nodiscard]] ListenSocket release();

 private:
  void accept();
  /// False: accept no more for now.
  [[nodiscard]] bool survive(int errnum);
  void rest();

  ListenSocket socket_;
  Accepted accepted_;
  core::UniqueFd spare_;
  bool said_ = false;  ///< that descriptors ran out
  core::IoWatch watch_;
  core::Timer resume_;
};

}  // namespace http
