// SPDX-License-Identifier: MIT
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "instance/http/limits.hpp"
#include "instance/http/listen_socket.hpp"
#include "instance/http/router.hpp"
#include "lib/core/event_loop.hpp"

namespace http {

class Acceptor;
class Authenticator;
class Connection;

/// HTTP/1.0 and 1.1 on the loop, for any number of listening sockets and one routing table.
class Server {
 public:
  Server(core::EventLoop& loop, Limits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Router& router() noexcept { return router_; }
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  /// Serves `socket`. With a user name and password every request must carry them; both empty is no authentication.
  void add(ListenSocket socket, const std::string& username, const std::string& password);
  /// Takes a connection that was accepted elsewhere (tests).
  void addConnection(core::UniqueFd fd, std::string peer, std::shared_ptr<Authenticator> authenticator);
  /// Stops serving: drops all connections and gives the listening sockets back, still open, for the next server.
  [[nodiscard]] std::vector<ListenSocket> release();
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }

  /// For connections: the place in the list of the oldest that wait for a request, and the end.
  void touched(Connection& connection) noexcept;
  void closed(Connection& connection) noexcept;

 private:
  void makeRoom();

  core::EventLoop& loop_;
  Limits limits_;
  Router router_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::list<std::shared_ptr<Connection>> connections_;  ///< longest without a request first
};

}  // namespace http
