// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "instance/config/model.hpp"
#include "instance/process/listen_socket.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"

namespace process {

/// One that is open.
struct OpenListener {
  config::ListenSocket settings;
  OpenedSocket open;
  int users = 0;
};

/// What one life of supervisord passes to the next in the same process, by the addresses.
struct OpenListeners {
  std::map<std::string, OpenListener> all;
};

/// The sockets of [socket:x] sections that are open, by their addresses. Programs share them; one that nobody uses any
/// more is closed in the next turn of the loop, so that a program that replaces another gets its socket.
class Listeners {
 public:
  explicit Listeners(core::EventLoop& loop);
  /// Closes all.
  ~Listeners();
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  /// For the next life: takes all out, open.
  [[nodiscard]] OpenListeners takeAll() noexcept;
  /// In that life: those that get no user before the next turn of the loop are closed.
  void inherit(OpenListeners listeners) noexcept;

  /// One more user: opens the socket if it is not open. If it is, it gets the settings of `socket`, the newest. Returns
  /// a descriptor of the user's own; the error names the address and the reason.
  [[nodiscard]] core::Expected<core::UniqueFd> acquire(const config::ListenSocket& socket);
  /// One more user, who has the descriptor of a predecessor's socket.
  void adopt(const config::ListenSocket& socket, int fd, const SocketFile& file);
  /// One user less, with its descriptor, which is closed in the next turn of the loop.
  void release(const std::string& url, core::UniqueFd fd) noexcept;
  /// Closes `fd`, an invalid one too, in the next turn of the loop.
  void discard(core::UniqueFd fd) noexcept;
  /// That of an open socket.
  [[nodiscard]] SocketFile fileOf(const std::string& url) const noexcept;

 private:
  void close(OpenListener& entry) noexcept;
  void letGoOfUnused() noexcept;
  void closeUnused() noexcept;

  std::map<std::string, OpenListener> entries_;
  std::vector<core::UniqueFd> discarded_;  ///< still to be closed
  core::Deferred closeSoon_;
};

}  // namespace process
