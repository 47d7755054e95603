// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <vector>

#include "instance/config/model.hpp"
#include "instance/http/listen_socket.hpp"
#include "instance/http/server.hpp"
#include "lib/core/event_loop.hpp"
#include "lib/core/result.hpp"

/// Where people and clients come in: the listening sockets, the HTTP server behind them, and what it serves.
class Front {
 public:
  /// Opens every configured socket; those of `kept` that did not change go on listening.
  [[nodiscard]] static core::Expected<std::vector<http::ListenSocket>> openSockets(
      const config::Configuration& configuration, std::vector<http::ListenSocket> kept);

  explicit Front(core::EventLoop& loop) : server_(loop) {}

  [[nodiscard]] http::Server& server() noexcept { return server_; }
  /// Serves `sockets`, which are those of `configuration`, and says so in the log.
  void serve(const config::Configuration& configuration, std::vector<http::ListenSocket> sockets);
  /// Stops serving; the sockets are for the next life.
  [[nodiscard]] std::vector<http::ListenSocket> release() { return server_.release(); }

 private:
  http::Server server_;
};
