// SPDX-License-Identifier: MIT
// The connections and listening sockets in the hands of a successor.
#include "instance/http/handover.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "instance/http/acceptor.hpp"
#include "instance/http/connection.hpp"
#include "instance/http/gate.hpp"
#include "instance/http/reply.hpp"
#include "instance/http/server.hpp"
#include "instance/http/source.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace http {
namespace {

/// What all connections together may add to the state, which has a limit of its own: clients that send much must not
/// prevent an upgrade.
constexpr std::size_t kMostText = 32 * 1024 * 1024;

/// The head of a request as text, in a form that parseRequestHead() reads as the same request. Without Expect: the
/// client has its permission already.
std::string headOf(const Request& request) {
  std::string head = request.line + "\r\n";
  for (const auto& [name, value] : request.headers)
    if (core::lower(name) != "expect") head.append(name).append(":").append(value).append("\r\n");
  return head += "\r\n";
}

/// How long `bytes` can become in the state, where control bytes are escaped.
std::size_t lengthInState(std::string_view bytes) {
  const auto escaped = std::count_if(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte >= 0x7F || c == '\\';
  });
  return bytes.size() + 3 * static_cast<std::size_t>(escaped);
}

std::size_t lengthInState(const state::Connection& saved) {
  return lengthInState(saved.head) + lengthInState(saved.received) + lengthInState(saved.unsent) +
         lengthInState(saved.call.value_or(""));
}

/// A connection that a successor could take.
struct Candidate {
  int fd = -1;
  std::size_t length = 0;  ///< in the state
  state::Connection record;
};

/// The length up to which all candidates fit: the small ones first, so that a few large ones cost no others.
std::size_t longestTaken(const std::vector<Candidate>& candidates) {
  std::vector<std::size_t> lengths;
  lengths.reserve(candidates.size());
  for (const auto& one : candidates) lengths.push_back(one.length);
  std::sort(lengths.begin(), lengths.end());
  std::size_t all = 0;
  std::size_t longest = 0;
  for (std::size_t at = 0; at < lengths.size();) {
    const auto next = std::upper_bound(lengths.begin(), lengths.end(), lengths[at]) - lengths.begin();
    all += lengths[at] * (static_cast<std::size_t>(next) - at);
    if (all > kMostText) break;
    longest = lengths[at];
    at = static_cast<std::size_t>(next);
  }
  return longest;
}

/// Whether `fd` is a stream socket that listens, or one that is connected.
bool isSocket(int fd, bool listens) noexcept {
  int type = 0;
  int accepts = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
         ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &size) == 0 && (accepts != 0) == listens;
}

std::optional<ListenSocket::File> fileOf(const state::Server& saved) {
  if (saved.inode == 0) return std::nullopt;
  return ListenSocket::File(saved.device, saved.inode);
}

}  // namespace

bool Connection::save(state::Connection& saved, state::Outgoing& descriptors) const {
  if (phase_ == Phase::Closed) return false;
  saved.peer = peer_;
  saved.received = in_;
  saved.skip = skip_;
  saved.unsent = out_.unsent();
  saved.proven = proven_;
  saved.closing = closing_;
  saved.drain = drain_;
  const bool asked = phase_ == Phase::Body || phase_ == Phase::Handling || phase_ == Phase::Streaming;
  if (asked) saved.head = headOf(request_);
  if (phase_ == Phase::Handling) saved.call = request_.body;
  if (phase_ != Phase::Streaming) return true;
  std::string first;
  saved.chunked = chunked_;
  if (!source_->save(saved.stream.emplace(), first, descriptors)) return false;
  if (!first.empty()) saved.unsent += chunked_ ? fmt::format("{:x}\r\n{}\r\n", first.size(), first) : first;
  return true;
}

bool Connection::restore(const state::Connection& saved, const Resumption& resumption) {
  if (saved.skip > limits_.discarded) return false;
  in_ = saved.received;
  skip_ = static_cast<std::size_t>(saved.skip);
  out_.append(std::string(saved.unsent));
  proven_ = saved.proven;
  closing_ = saved.closing;
  drain_ = saved.drain;
  const bool asked = !saved.head.empty();
  if (asked ? !restoreRequest(saved, resumption) : saved.call || saved.stream) return false;
  account();
  start();
  if (phase_ == Phase::Handling) resumption.answer(request_, Reply(weak_from_this()));
  if (phase_ != Phase::Closed) later_.schedule();
  return true;
}

bool Connection::restoreRequest(const state::Connection& saved, const Resumption& resumption) {
  auto head = parseRequestHead(saved.head, limits_.body);
  if (!head) return false;
  request_ = std::move(head->request);
  request_.peer = peer_;
  if (gate_->authenticator) request_.user = gate_->authenticator->username();
  if (saved.stream) {
    source_ = resumption.stream(saved);
    if (!source_) return false;
    chunked_ = saved.chunked;
    source_->setWaker([this] { later_.schedule(); });
    phase_ = Phase::Streaming;
  } else if (saved.call) {
    request_.body = *saved.call;
    phase_ = Phase::Handling;
  } else {
    bodyLength_ = head->bodyLength;
    phase_ = Phase::Body;
  }
  return true;
}

void Server::save(state::State& saved, state::Outgoing& descriptors) const {
  for (std::uint32_t place = 0; place < acceptors_.size(); ++place) {
    const ListenSocket& socket = acceptors_[place]->socket();
    state::Server server{descriptors.add("http." + std::to_string(place), socket.fd()), place, 0, 0};
    if (socket.file()) std::tie(server.device, server.inode) = *socket.file();
    saved.servers.push_back(std::move(server));
  }
  saveConnections(saved, descriptors);
}

void Server::saveConnections(state::State& saved, state::Outgoing& descriptors) const {
  std::vector<Candidate> candidates;
  for (const auto& one : connections_) {
    Candidate next{one->descriptor(), 0, {}};
    if (!one->save(next.record, descriptors)) continue;
    const auto gate =
        std::find_if(gates_.begin(), gates_.end(), [&](const auto& g) { return g.get() == &one->gate(); });
    next.record.gate = static_cast<std::uint32_t>(gate - gates_.begin());
    next.length = lengthInState(next.record);
    candidates.push_back(std::move(next));
  }
  const std::size_t longest = longestTaken(candidates);
  for (auto& next : candidates) {
    if (next.length > longest) continue;
    next.record.socket = descriptors.add("c" + std::to_string(saved.connections.size()), next.fd);
    saved.connections.push_back(std::move(next.record));
  }
}

void Server::restore(const std::vector<state::Connection>& saved, state::Incoming& descriptors,
                     const Resumption& resumption) {
  std::size_t closed = 0;
  for (const auto& one : saved) {
    auto fd = descriptors.take(one.socket);
    if (one.gate >= gates_.size() || !fd || !isSocket(fd.get(), false)) {
      ++closed;
      continue;
    }
    const auto connection = admit(std::move(fd), one.peer, gates_[one.gate]);
    if (connection->restore(one, resumption)) continue;
    connection->close();
    ++closed;
  }
  if (closed > 0) logging::info("closed {} connections that cannot continue in this program", closed);
}

core::Expected<std::vector<ListenSocket>> restoreSockets(std::span<const Address> addresses,
                                                         const std::vector<state::Server>& saved,
                                                         state::Incoming& descriptors) {
  std::vector<ListenSocket> sockets;
  for (std::size_t place = 0; place < addresses.size(); ++place) {
    const auto known = std::find_if(saved.begin(), saved.end(), [&](const auto& one) { return one.place == place; });
    auto fd = known == saved.end() ? core::UniqueFd() : descriptors.take(known->socket);
    if (fd && isSocket(fd.get(), true)) {
      sockets.emplace_back(addresses[place], std::move(fd), fileOf(*known));
      continue;
    }
    auto opened = openListenSocket(addresses[place]);
    if (!opened) return core::Err{std::move(opened).error()};
    sockets.push_back(std::move(*opened));
  }
  return sockets;
}

}  // namespace http
