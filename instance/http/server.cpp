// SPDX-License-Identifier: MIT
#include "instance/http/server.hpp"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "instance/http/acceptor.hpp"
#include "instance/http/authenticator.hpp"
#include "instance/http/connection.hpp"

namespace http {
namespace {

/// Programs need descriptors too.
std::size_t fairShare(std::size_t connections) {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return connections;
  return std::clamp<std::size_t>(files.rlim_cur / 2, 1, connections);
}

}  // namespace

Server::Server(core::EventLoop& loop, Limits limits) : loop_(loop), limits_(limits) {
  limits_.connections = fairShare(limits_.connections);
}

Server::~Server() { (void)release(); }

void Server::add(ListenSocket socket, const std::string& username, const std::string& password) {
  std::shared_ptr<Authenticator> authenticator;
  if (!username.empty()) authenticator = std::make_shared<Authenticator>(username, password);
  acceptors_.push_back(std::make_unique<Acceptor>(
      loop_, std::move(socket), [this, authenticator](core::UniqueFd fd, std::string peer) {
        addConnection(std::move(fd), std::move(peer), authenticator);
      }));
}

void Server::addConnection(core::UniqueFd fd, std::string peer, std::shared_ptr<Authenticator> authenticator) {
  if (connections_.size() >= limits_.connections) makeRoom();
  if (connections_.size() >= limits_.connections) {
    // Everybody who is here waits for an answer. One send fits the empty buffer of a new socket.
    const std::string refusal = composeHead({503, {{"Retry-After", "1"}}, {}}, Version::Http11, Framing::Length, false);
    (void)::send(fd.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  auto connection =
      std::make_shared<Connection>(loop_, *this, std::move(fd), std::move(peer), std::move(authenticator));
  connection->place = connections_.insert(connections_.end(), connection);
  connection->start();
}

/// Ends the client that has been silent for longest, if any owes and is owed nothing.
void Server::makeRoom() {
  const auto idle = std::find_if(connections_.begin(), connections_.end(), [](const auto& c) { return c->idle(); });
  if (idle == connections_.end()) return;
  const auto oldest = *idle;
  oldest->close();
}

std::vector<ListenSocket> Server::release() {
  while (!connections_.empty()) {
    const auto connection = connections_.front();
    connection->close();
  }
  std::vector<ListenSocket> sockets;
  for (const auto& acceptor : acceptors_) sockets.push_back(acceptor->release());
  acceptors_.clear();
  return sockets;
}

void Server::touched(Connection& connection) noexcept {
  connections_.splice(connections_.end(), connections_, connection.place);
}

void Server::closed(Connection& connection) noexcept { connections_.erase(connection.place); }

}  // namespace http
