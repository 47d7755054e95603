// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "instance/http/listen_socket.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace http {

/// Accepts the connections of one listening socket. When descriptors run out it asks for one of another client's, then
/// uses a spare one, and rests for a second when there is none: a socket that stays readable never makes the loop spin.
class Acceptor {
 public:
  using Accepted = std::function<void(core::UniqueFd fd, std::string peer)>;
  /// Frees a descriptor if it can.
  using MakeRoom = std::function<bool()>;

  Acceptor(core::EventLoop& loop, ListenSocket socket, Accepted accepted, MakeRoom makeRoom);
  /// Stops accepting.
  [[nodiscard]] ListenSocket release();

 private:
  void accept();
  /// False: accept no more for now.
  [[nodiscard]] bool survive(int errnum);
  void rest();

  ListenSocket socket_;
  Accepted accepted_;
  MakeRoom makeRoom_;
  core::UniqueFd spare_;
  core::Instant sayAgain_{};  ///< that descriptors ran out: not more than once a minute
  core::IoWatch watch_;
  core::Timer resume_;
};

}  // namespace http
