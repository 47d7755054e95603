// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "instance/http/listen_socket.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/unique_fd.hpp"

namespace http {

/// Accepts the connections of one listening socket. When descriptors run out it first has another connection closed,
/// then uses a spare descriptor, and otherwise pauses for a second.
class Acceptor {
 public:
  using Accepted = std::function<void(core::UniqueFd fd, std::string peer)>;
  /// Frees a descriptor; false if it cannot.
  using MakeRoom = std::function<bool()>;

  Acceptor(core::EventLoop& loop, ListenSocket socket, Accepted accepted, MakeRoom makeRoom);
  [[nodiscard]] const ListenSocket& socket() const noexcept { return socket_; }
  /// Stops accepting.
  [[nodiscard]] ListenSocket release();

 private:
  void accept();
  /// After a failed accept(): false to accept no more for now.
  [[nodiscard]] bool survive(int errnum);
  void rest();

  ListenSocket socket_;
  Accepted accepted_;
  MakeRoom makeRoom_;
  core::UniqueFd spare_;
  core::Instant sayAgain_{};  ///< when the warning may be logged again: once a minute
  core::IoWatch watch_;
  core::Timer resume_;
};

}  // namespace http
