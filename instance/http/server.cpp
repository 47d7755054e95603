// SPDX-License-Identifier: MIT
#include "instance/http/server.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "instance/http/acceptor.hpp"
#include "instance/http/connection.hpp"
#include "instance/http/seats.hpp"
#include "lib/core/files.hpp"
#include "lib/core/log.hpp"

namespace http {
namespace {

/// When memory is short, connections that hold less are not closed: it would not help.
constexpr std::size_t kLittle = 16 * 1024;
/// Returning less memory than that to the system is not worth a call.
constexpr std::size_t kMuch = 256 * 1024;
/// So many connections use about as much by themselves.
constexpr std::size_t kCrowd = 128;

std::optional<std::size_t> fileLimit() noexcept {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return files.rlim_cur;
}

}  // namespace

Server::Server(core::EventLoop& loop, Limits limits)
    : loop_(loop), limits_(limits), giveBack_(loop, [this] { giveBack(); }) {}

Server::~Server() { (void)release(); }

void Server::add(ListenSocket socket, Gate gate) {
  const auto shared = addGate(std::move(gate));
  acceptors_.push_back(std::make_unique<Acceptor>(
      loop_, std::move(socket),
      [this, shared](core::UniqueFd fd, std::string peer) { addConnection(std::move(fd), std::move(peer), shared); },
      [this, shared] { return makeRoom(*shared, connections_.size()); }));
}

std::shared_ptr<Gate> Server::addGate(Gate gate) {
  gates_.push_back(std::make_shared<Gate>(std::move(gate)));
  return gates_.back();
}

/// Read each time: the limit of descriptors is raised after the server is created, and prlimit(2) can change it.
std::size_t Server::capacity() const noexcept {
  const auto files = fileLimit();
  return files ? std::clamp<std::size_t>(*files / 2, 1, limits_.connections) : limits_.connections;
}

void Server::addConnection(core::UniqueFd fd, std::string peer, const std::shared_ptr<Gate>& gate) {
  keepDescriptorsFree(fd, *gate);
  if (!makeRoom(*gate, capacity())) return Connection::turnAway(fd.get());  // all others wait for an answer
  admit(std::move(fd), std::move(peer), gate)->start();
}

std::shared_ptr<Connection> Server::admit(core::UniqueFd fd, std::string peer, const std::shared_ptr<Gate>& gate) {
  auto connection = std::make_shared<Connection>(loop_, *this, std::move(fd), std::move(peer), gate);
  connection->place = connections_.insert(connections_.end(), connection);
  ++gate->connections;
  crowd_ = std::max(crowd_, connections_.size());
  return connection;
}

/// The kernel assigns the lowest free descriptor, so a high number means that few are left. Programs need some to
/// start: instead of using them up, the newcomer replaces another client.
void Server::keepDescriptorsFree(core::UniqueFd& newcomer, const Gate& gate) {
  if (!core::isAmongTheLast(newcomer.get(), core::kKeptForPrograms)) return;
  if (!makeRoom(gate, connections_.size())) return;
  core::UniqueFd lower(::fcntl(newcomer.get(), F_DUPFD_CLOEXEC, 0));
  if (lower && lower.get() < newcomer.get()) newcomer = std::move(lower);
}

/// True if there is room for one more client of `newcomer`, or was made by closing a connection.
bool Server::makeRoom(const Gate& newcomer, std::size_t capacity) {
  std::vector<std::size_t> taken;
  std::size_t index = 0;
  for (const auto& gate : gates_) {
    if (gate.get() == &newcomer) index = taken.size();
    taken.push_back(gate->connections);
  }
  const auto loser = whoYields(taken, capacity, index);
  if (!loser) return true;
  if (core::Clock::now() >= sayAgain_) {
    sayAgain_ = core::Clock::now() + core::seconds(60);
    logging::warn("the limit of {} connections is reached: closing connections without a request to make room",
                  capacity);
  }
  const auto connection = leastClaim(*gates_[*loser], 0, nullptr);
  if (connection) connection->giveWay();
  return connection != nullptr;
}

/// Of the connections of `gate` that can be closed and hold at least `heldAbove` bytes, the one to close first.
std::shared_ptr<Connection> Server::leastClaim(const Gate& gate, std::size_t heldAbove,
                                               const Connection* except) const {
  std::shared_ptr<Connection> least;
  for (const auto& one : connections_) {
    if (&one->gate() != &gate || one.get() == except || one->held() < heldAbove) continue;
    if (one->claim() == Connection::Claim::Owed) continue;
    if (!least || std::pair(one->claim(), one->since()) < std::pair(least->claim(), least->since())) least = one;
  }
  return least;
}

void Server::account(Connection& connection, std::size_t before, std::size_t now) {
  connection.gate().held += now - before;
  held_ += now - before;
  peak_ = std::max(peak_, held_);
  if (connection.gate().held > limits_.held && now > before) limitMemory(connection);
  if (peak_ > kMuch && held_ < peak_ / 2) giveBackSoon();
}

void Server::giveBackSoon() noexcept {
  if (!giveBack_.armed()) giveBack_.armIn(core::seconds(1));
}

void Server::limitMemory(Connection& current) {
  while (current.gate().held > limits_.held) {
    const auto connection = leastClaim(current.gate(), kLittle, &current);
    if (!connection) return;  // a single request or answer has its own limit
    connection->giveWay();
  }
}

/// The allocator keeps the memory of large requests for later ones, which may never come.
void Server::giveBack() {
  peak_ = held_;
  crowd_ = connections_.size();
  ::malloc_trim(0);
}

std::vector<ListenSocket> Server::release() {
  while (!connections_.empty()) {
    const auto connection = connections_.front();
    connection->close();
  }
  std::vector<ListenSocket> sockets;
  sockets.reserve(acceptors_.size());  // so that no allocation fails half way
  for (const auto& acceptor : acceptors_) sockets.push_back(acceptor->release());
  acceptors_.clear();
  gates_.clear();
  return sockets;
}

void Server::closed(Connection& connection) noexcept {
  account(connection, connection.held(), 0);
  --connection.gate().connections;
  connections_.erase(connection.place);
  if (crowd_ > kCrowd && connections_.size() < crowd_ / 2) giveBackSoon();
}

}  // namespace http
