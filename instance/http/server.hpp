// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "instance/http/gate.hpp"
#include "instance/http/limits.hpp"
#include "instance/http/listen_socket.hpp"
#include "instance/http/router.hpp"
#include "lib/core/event_loop.hpp"

namespace state {
struct Connection;
class Incoming;
class Outgoing;
struct State;
}  // namespace state

namespace http {

class Acceptor;
class Connection;
class Source;

/// What a server needs from outside to continue with the connections of a predecessor.
struct Resumption {
  /// The source of a stream; nullptr: it cannot continue, and the connection is closed.
  std::function<std::unique_ptr<Source>(const state::Connection& saved)> stream;
  /// Answers a request that waited for its answer. Its body is empty if it was long.
  std::function<void(const Request& request, const Reply& reply)> answer;
};

/// HTTP/1.0 and 1.1 on the loop, for any number of listening sockets and one routing table.
///
/// The connections and memory of each gate are limited. At the limit the newcomer is not refused: the least important
/// connection is closed, see Connection::Claim.
class Server {
 public:
  explicit Server(core::EventLoop& loop, Limits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Router& router() noexcept { return router_; }
  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
  /// Serves `socket`, with the requirements of `gate`.
  void add(ListenSocket socket, Gate gate);
  /// A gate for connections that are accepted elsewhere (tests); release() forgets it.
  std::shared_ptr<Gate> addGate(Gate gate);
  /// Takes a connection that came through `gate`.
  void addConnection(core::UniqueFd fd, std::string peer, const std::shared_ptr<Gate>& gate);
  /// Stops serving: closes all connections and returns the listening sockets, still open, for the next server.
  [[nodiscard]] std::vector<ListenSocket> release();
  /// Adds the listening sockets and the connections, for a successor. Gates are numbered as they were added. A
  /// connection that cannot be described, or that is one of the largest of too many large ones, is left out: it ends
  /// with this program.
  void save(state::State& saved, state::Outgoing& descriptors) const;
  /// Continues with the connections of a predecessor, after all gates were added. Those that cannot continue are
  /// closed.
  void restore(const std::vector<state::Connection>& saved, state::Incoming& descriptors, const Resumption& resumption);
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.size(); }

  /// For connections: what it holds now, in bytes, after `before`; and its end.
  void account(Connection& connection, std::size_t before, std::size_t now);
  void closed(Connection& connection) noexcept;

 private:
  [[nodiscard]] std::size_t capacity() const noexcept;
  std::shared_ptr<Connection> admit(core::UniqueFd fd, std::string peer, const std::shared_ptr<Gate>& gate);
  void saveConnections(state::State& saved, state::Outgoing& descriptors) const;
  bool makeRoom(const Gate& newcomer, std::size_t capacity);
  [[nodiscard]] std::shared_ptr<Connection> leastClaim(const Gate& gate, std::size_t heldAbove,
                                                       const Connection* except) const;
  void keepDescriptorsFree(core::UniqueFd& newcomer, const Gate& gate);
  void limitMemory(Connection& current);
  void giveBackSoon() noexcept;
  void giveBack();

  core::EventLoop& loop_;
  Limits limits_;
  Router router_;
  std::vector<std::shared_ptr<Gate>> gates_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::list<std::shared_ptr<Connection>> connections_;  ///< in the order of their arrival
  std::size_t held_ = 0;                                ///< by all gates, in bytes
  std::size_t peak_ = 0;                                ///< since memory was last returned to the system
  std::size_t crowd_ = 0;                               ///< the most connections since then
  core::Timer giveBack_;
  core::Instant sayAgain_{};  ///< when the warning may be logged again: once a minute
};

}  // namespace http
