// SPDX-License-Identifier: MIT
#include "instance/http/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "instance/http/access_log.hpp"
#include "instance/http/authenticator.hpp"
#include "instance/http/reply.hpp"
#include "instance/http/server.hpp"
#include "instance/http/source.hpp"
#include "lib/core/log.hpp"

namespace http {
namespace {

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kReadAhead = 64 * 1024;
constexpr core::Duration kDrainTime = core::seconds(2);
constexpr core::Duration kTimerAccuracy = core::seconds(1);
using core::IoWatch;

}  // namespace

Connection::Connection(core::EventLoop& loop, Server& server, core::UniqueFd fd, std::string peer,
                       std::shared_ptr<Authenticator> authenticator)
    : server_(server),
      limits_(server.limits()),
      fd_(std::move(fd)),
      authenticator_(std::move(authenticator)),
      peer_(std::move(peer)),
      progress_(core::Clock::now()),
      watch_(loop, fd_.get(), IoWatch::None, [this](std::uint32_t ready) { onReady(ready); }),
      timer_(loop, [this] { onTimer(); }, kTimerAccuracy),
      later_(loop, [this] {
        const auto self = shared_from_this();
        turn();
      }) {}

Connection::~Connection() = default;

void Connection::start() {
  setDeadline();
  watch();
}

void Connection::close() noexcept {
  if (std::exchange(phase_, Phase::Closed) == Phase::Closed) return;
  source_.reset();
  server_.closed(*this);
}

void Connection::onReady(std::uint32_t ready) {
  const auto self = shared_from_this();
  if ((ready & (IoWatch::Read | IoWatch::Hangup | IoWatch::Error)) != 0) receive();
  turn();
  // Both directions are gone: nobody is left to wait for an answer. What was asked for is carried out all the same.
  const bool gone = (ready & (IoWatch::Hangup | IoWatch::Error)) != 0;
  if (gone && (ended_ || phase_ == Phase::Handling || phase_ == Phase::Streaming)) close();
}

void Connection::receive() {
  char block[16 * 1024];
  while (phase_ != Phase::Closed && !ended_ && (phase_ == Phase::Draining || in_.size() < bodyLength_ + kReadAhead)) {
    const ssize_t n = ::recv(fd_.get(), block, sizeof block, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n < 0) return close();
    if (n == 0) {
      ended_ = true;
      return;
    }
    if (phase_ == Phase::Draining) continue;
    if (in_.empty() && phase_ == Phase::Head) progress_ = core::Clock::now();  // the clock of a request starts
    if (phase_ == Phase::Body) progress_ = core::Clock::now();
    in_.append(block, static_cast<std::size_t>(n));
    if (static_cast<std::size_t>(n) < sizeof block) return;
  }
}

void Connection::turn() {
  if (turning_) return;
  turning_ = true;
  do flush();
  while (phase_ != Phase::Closed && out_.size() < limits_.outputBacklog && step());
  flush();
  turning_ = false;
  if (phase_ == Phase::Closed) return;
  if (closing_ && out_.empty()) {
    if (!drain_ || ended_) return close();
    if (phase_ != Phase::Draining) startDraining();
  }
  watch();
  setDeadline();
}

void Connection::flush() {
  const std::size_t before = out_.size();
  if (phase_ == Phase::Closed || before == 0) return;
  if (!out_.flush(fd_.get())) return close();
  if (out_.size() < before) progress_ = core::Clock::now();
}

/// One step of the conversation; false when it waits for the client, the handler or the source.
bool Connection::step() {
  if (closing_) return false;
  switch (phase_) {
    case Phase::Head:
      return readHead();
    case Phase::Body:
      return readBody();
    case Phase::Streaming:
      return pump();
    default:
      return false;
  }
}

bool Connection::readHead() {
  skipEmptyLines();
  const std::size_t end = in_.find(kHeadEnd, scanned_ < 3 ? 0 : scanned_ - 3);
  if (end == std::string::npos || end > limits_.header) {
    const bool bare = hasBareLineFeed(in_, scanned_);
    scanned_ = in_.size();
    if (bare || in_.size() > limits_.header)
      refuseHead(400);
    else if (ended_)
      closing_ = true;  // when the rest of the last answer is out
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
  return phase_ == Phase::Body;
}

/// Some clients end a body with a line end of its own.
void Connection::skipEmptyLines() {
  std::size_t at = 0;
  while (in_.compare(at, 2, "\r\n") == 0) at += 2;
  if (at == 0) return;
  in_.erase(0, at);
  scanned_ = 0;
}

/// For what was no request: the log gets its first line.
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
  if (!authorized(request_)) return;
  bodyLength_ = head.bodyLength;
  phase_ = Phase::Body;
  progress_ = core::Clock::now();
  if (head.expectsContinue && in_.size() < bodyLength_) out_.append(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"));
}

bool Connection::authorized(const Request& request) {
  if (!authenticator_) return true;
  using Verdict = Authenticator::Verdict;
  switch (authenticator_->check(request.header("Authorization"), core::Clock::now())) {
    case Verdict::Granted:
      return true;
    case Verdict::Malformed:
      refuse(400);
      return false;
    case Verdict::Busy:
      refuse(503);
      return false;
    case Verdict::Denied:
      break;
  }
  refuse(401);
  return false;
}

bool Connection::readBody() {
  if (in_.size() < bodyLength_) {
    if (ended_) close();
    return false;
  }
  if (in_.size() == bodyLength_) {
    request_.body = std::exchange(in_, {});
  } else {
    request_.body.assign(in_, 0, bodyLength_);
    in_.erase(0, bodyLength_);
  }
  bodyLength_ = 0;
  phase_ = Phase::Handling;
  server_.touched(*this);
  try {
    server_.router().dispatch(request_, Reply(weak_from_this()));
  } catch (const std::exception& e) {
    // The reply that nobody holds any more has answered with status 500.
    logging::critical("{}: handling the request raised an unexpected exception: {}", request_.line, e.what());
  }
  return phase_ != Phase::Handling;
}

void Connection::respond(Response response) {
  if (phase_ != Phase::Handling) return;
  const bool keepAlive = request_.keepAlive() && !ended_;
  write(response, Framing::Length, keepAlive);
  if (request_.method != "HEAD" && response.status != 304) {
    written_ += response.body.size();
    out_.append(std::move(response.body));
  }
  finishAnswer(keepAlive);
}

void Connection::refuse(int status) {
  Response response = makeError(status);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"default\"");
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  response.headers.emplace_back("Connection", "close");
  drain_ = true;
  write(response, Framing::Length, false);
  written_ += response.body.size();
  out_.append(std::move(response.body));
  finishAnswer(false);
}

void Connection::write(const Response& response, Framing framing, bool keepAlive) {
  std::string head = composeHead(response, request_.version, framing, keepAlive);
  status_ = response.status;
  written_ = head.size();
  progress_ = core::Clock::now();
  out_.append(std::move(head));
}

void Connection::finishAnswer(bool keepAlive) {
  logAccess(request_, status_, written_);
  phase_ = Phase::Head;
  closing_ = !keepAlive;
  if (!turning_) later_.schedule();
}

void Connection::beginStream(Response response, std::unique_ptr<Source> source) {
  if (phase_ != Phase::Handling) return;
  chunked_ = request_.version == Version::Http11;
  response.body.clear();
  write(response, chunked_ ? Framing::Chunked : Framing::Close, false);
  source_ = std::move(source);
  source_->setWaker([this] { later_.schedule(); });
  phase_ = Phase::Streaming;
  if (!turning_) later_.schedule();
}

bool Connection::pump() {
  if (ended_) {
    close();
    return false;
  }
  const std::string piece = source_->more(limits_.outputBacklog);
  if (!piece.empty()) {
    if (out_.empty()) progress_ = core::Clock::now();
    if (chunked_) out_.append(std::string_view(fmt::format("{:x}\r\n", piece.size())));
    out_.append(std::string_view(piece));
    if (chunked_) out_.append(std::string_view("\r\n"));
    written_ += piece.size();
    return true;
  }
  if (!source_->finished()) return false;
  source_.reset();
  if (chunked_) out_.append(std::string_view("0\r\n\r\n"));
  finishAnswer(chunked_ && request_.keepAlive());
  return true;
}

void Connection::startDraining() {
  phase_ = Phase::Draining;
  progress_ = core::Clock::now();
  in_ = {};
  ::shutdown(fd_.get(), SHUT_WR);
}

void Connection::watch() {
  const bool wantsMore = phase_ == Phase::Draining || (!closing_ && in_.size() < bodyLength_ + kReadAhead);
  std::uint32_t events = IoWatch::None;
  if (!ended_ && wantsMore) events |= IoWatch::Read;
  if (!out_.empty()) events |= IoWatch::Write;
  if (events != std::exchange(watched_, events)) watch_.setEvents(events);
}

void Connection::setDeadline() {
  const auto after = [this](core::Duration limit) { return progress_ + limit; };
  if (phase_ == Phase::Draining)
    deadline_ = after(kDrainTime);
  else if (!out_.empty() || phase_ == Phase::Body)
    deadline_ = after(limits_.stall);
  else if (phase_ == Phase::Head)
    deadline_ = after(in_.empty() ? limits_.idle : limits_.request);
  else
    deadline_ = core::Instant::max();
  // A later deadline is not worth a system call: the timer looks again when it fires.
  if (deadline_ < armedFor_) {
    armedFor_ = deadline_;
    timer_.arm(deadline_);
  }
}

void Connection::onTimer() {
  const auto self = shared_from_this();
  armedFor_ = core::Instant::max();
  if (core::Clock::now() >= deadline_) return close();
  setDeadline();
}

}  // namespace http
