// SPDX-License-Identifier: MIT
// The input half of Connection: from bytes to a request that is authorized and handled.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <string_view>
#include <utility>

#include "instance/http/connection.hpp"
#include "instance/http/gate.hpp"
#include "instance/http/reply.hpp"
#include "instance/http/server.hpp"
#include "lib/core/log.hpp"
#include "lib/core/text.hpp"

namespace http {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr int kBlocksInATurn = 16;
/// A call that waits for one program is shorter. Its text is kept while it waits: a successor continues with it.
constexpr std::size_t kLongestKept = 1024;

}  // namespace

/// How many bytes of a client are kept: an authorized body, and one head that follows it.
std::size_t Connection::readLimit() const noexcept { return bodyLength_ + limits_.header + kHeadEnd.size(); }

/// Reads a bounded amount: a client that sends faster than we read must not keep the others waiting.
void Connection::receive() {
  char block[16 * 1024];
  for (int i = 0; i < kBlocksInATurn && phase_ != Phase::Closed && !ended_; ++i) {
    const bool draining = phase_ == Phase::Draining;
    if (!draining && in_.size() >= readLimit()) return;
    const std::size_t wanted = draining ? sizeof block : std::min(sizeof block, readLimit() - in_.size());
    const ssize_t n = ::recv(fd_.get(), block, wanted, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n < 0) return close();
    if (n == 0) {
      ended_ = true;
      return;
    }
    if (draining) continue;
    const bool begins = in_.empty() && phase_ == Phase::Head && skip_ == 0;  // the clock of a request starts
    if (begins || phase_ == Phase::Body) progress_ = core::Clock::now();
    in_.append(block, static_cast<std::size_t>(n));
    if (static_cast<std::size_t>(n) < wanted) return;
  }
}

bool Connection::readHead() {
  if (!skipBody()) return false;
  skipEmptyLines();
  const std::size_t end = in_.find(kHeadEnd, scanned_ < 3 ? 0 : scanned_ - 3);
  if (end == std::string::npos || end > limits_.header) {
    const bool bare = hasBareLineFeed(in_, scanned_);
    scanned_ = in_.size();
    if (bare || in_.size() > limits_.header)
      refuseHead(400);
    else if (ended_)
      closing_ = true;  // when the rest of the last answer is sent
    return false;
  }
  const std::size_t size = end + kHeadEnd.size();
  if (auto head = parseRequestHead(std::string_view(in_).substr(0, size), limits_.body)) {
    in_.erase(0, size);
    scanned_ = 0;
    acceptHead(std::move(*head));
  } else {
    refuseHead(head.error());
  }
  return true;
}

/// Discards the body of a refused request; true when all of it is gone.
bool Connection::skipBody() {
  const std::size_t here = std::min(skip_, in_.size());
  in_.erase(0, here);
  skip_ -= here;
  if (skip_ > 0 && ended_) closing_ = true;
  return skip_ == 0;
}

/// Some clients send an extra line end after a body.
void Connection::skipEmptyLines() {
  std::size_t at = 0;
  while (in_.compare(at, 2, "\r\n") == 0) at += 2;
  if (at == 0) return;
  in_.erase(0, at);
  scanned_ = 0;
}

/// Refuses bytes that are not a request. The log gets their first line.
void Connection::refuseHead(int status) {
  request_ = Request{};
  request_.line = in_.substr(0, in_.find_first_of("\r\n"));
  request_.peer = peer_;
  in_.clear();
  scanned_ = 0;
  refuse(status);
}

void Connection::acceptHead(RequestHead head) {
  request_ = std::move(head.request);
  request_.peer = peer_;
  if (!hostAllowed() || !authorized(head)) return;
  bodyLength_ = head.bodyLength;
  phase_ = Phase::Body;
  progress_ = core::Clock::now();
  if (head.expectsContinue && in_.size() < bodyLength_) out_.append(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"));
}

bool Connection::hostAllowed() {
  const auto& hosts = gate_->hosts;
  const std::string_view host = request_.header("Host");
  if (!hosts || hosts->allows(host)) return true;
  if (!std::exchange(gate_->saidHostRefused, true))
    logging::warn("refused a request of {} for the host {}: {}", peer_, core::pythonBytesRepr(host.substr(0, 255)),
                  hosts->advice());
  Response response =
      makeError(403, "This server has no password and only answers to known host names: " + hosts->advice() + '.');
  response.reason = "Forbidden host name: " + hosts->advice();
  refuse(std::move(response));
  return false;
}

bool Connection::authorized(const RequestHead& head) {
  if (!gate_->authenticator) return true;
  using Decision = Authenticator::Decision;
  switch (gate_->authenticator->check(request_.header("Authorization"), core::Clock::now())) {
    case Decision::Granted:
      proven_ = true;
      request_.user = gate_->authenticator->username();
      return true;
    case Decision::Malformed: refuse(400); return false;
    case Decision::Busy: refuse(503); return false;
    case Decision::Denied: break;
  }
  deny(head);
  return false;
}

/// Many clients try without a password first, and then again with one on the same connection. For them a small body is
/// discarded. A client that waits for "100 Continue" may send its body or not: its connection must end.
void Connection::deny(const RequestHead& head) {
  Response response = makeUnauthorized();
  const bool goesOn = request_.keepAlive() && !ended_ && !head.expectsContinue && head.bodyLength <= limits_.discarded;
  if (!goesOn) return refuse(std::move(response));
  skip_ = head.bodyLength;
  answer(std::move(response), true);
}

bool Connection::readBody() {
  if (in_.size() < bodyLength_) {
    if (ended_) close();
    return false;
  }
  std::string rest = in_.substr(bodyLength_);
  in_.resize(bodyLength_);
  request_.body = std::exchange(in_, std::move(rest));
  bodyLength_ = 0;
  dispatch();
  if (phase_ == Phase::Handling && request_.body.size() <= kLongestKept)
    request_.body.shrink_to_fit();
  else
    std::string().swap(request_.body);
  return phase_ != Phase::Handling;
}

void Connection::dispatch() {
  const Reply reply(weak_from_this());  // outside of try: without memory for it the connection is closed
  phase_ = Phase::Handling;
  proven_ = true;
  try {
    server_.router().dispatch(request_, reply);
  } catch (const std::exception& e) {
    // Dropping the last copy of the reply answers with status 500.
    logging::critical("{}: handling the request raised an unexpected exception: {}", request_.line, e.what());
  }
}

}  // namespace http
