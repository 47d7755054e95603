// SPDX-License-Identifier: MIT
#include "instance/http/connection.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include "instance/http/access_log.hpp"
#include "instance/http/server.hpp"
#include "instance/http/source.hpp"
#include "lib/core/log.hpp"

namespace http {
namespace {

/// Pipelined requests and pieces of a stream for one turn of the loop: one client must not block the others.
constexpr int kStepsInATurn = 16;
/// How long a client has to read the last answer and to close.
constexpr core::Duration kDrainTime = core::seconds(2);
/// Deadlines are far away: a coarse timer lets the kernel combine wake-ups.
constexpr core::Duration kTimerAccuracy = core::seconds(1);
using core::IoWatch;

}  // namespace

Connection::Connection(core::EventLoop& loop, Server& server, core::UniqueFd fd, std::string peer,
                       std::shared_ptr<Gate> gate)
    : loop_(loop),
      server_(server),
      limits_(server.limits()),
      fd_(std::move(fd)),
      gate_(std::move(gate)),
      peer_(std::move(peer)),
      born_(core::Clock::now()),
      progress_(born_),
      watch_(loop, fd_.get(), IoWatch::None, [this](std::uint32_t ready) { guarded([&] { onReady(ready); }); }),
      timer_(
          loop, [this] { guarded([&] { onTimer(); }); }, kTimerAccuracy),
      later_(loop, [this] { guarded([&] { turn(); }); }) {}

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

void Connection::giveUp(const char* why) noexcept {
  if (phase_ != Phase::Closed) logging::critical("closed the connection of {}: {}", peer_, why);
  close();
}

/// When memory runs out, only the connection that needed it is closed.
template <class Step>
void Connection::guarded(const Step& step) noexcept {
  const auto self = shared_from_this();
  try {
    step();
  } catch (const std::exception& error) {
    turning_ = false;
    giveUp(error.what());
  }
}

void Connection::giveWay() {
  const bool asking = phase_ == Phase::Body || (phase_ == Phase::Head && !in_.empty());
  if (asking && out_.empty() && !closing_) turnAway(fd_.get());
  close();
}

void Connection::turnAway(int fd) {
  Response refusal = makeError(503);
  refusal.reason = "Server full, try again";
  refusal.headers.emplace_back("Retry-After", "1");
  refusal.headers.emplace_back("Connection", "close");
  const std::string text = composeHead(refusal, Version::Http11, Framing::Length, false) + refusal.body;
  char unread[16 * 1024];
  // Closing a TCP socket with unread bytes sends a reset, and the client would lose the answer.
  (void)!::recv(fd, unread, sizeof unread, MSG_DONTWAIT);
  (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

Connection::Claim Connection::claim() const noexcept {
  if (closing_ || phase_ == Phase::Draining || phase_ == Phase::Closed) return Claim::None;
  if (phase_ == Phase::Handling) return Claim::Owed;
  if (!proven_) return Claim::Unproven;
  if (phase_ == Phase::Streaming || !out_.empty()) return Claim::Taking;
  return phase_ == Phase::Head && in_.empty() ? Claim::Idle : Claim::Asking;
}

void Connection::onReady(std::uint32_t ready) {
  if ((ready & (IoWatch::Read | IoWatch::Hangup | IoWatch::Error)) != 0) receive();
  turn();
  // Both directions are closed: nobody waits for the answer. The request is carried out nevertheless.
  const bool gone = (ready & (IoWatch::Hangup | IoWatch::Error)) != 0;
  if (gone && (ended_ || phase_ == Phase::Handling || phase_ == Phase::Streaming)) close();
}

void Connection::turn() {
  if (turning_) return;
  turning_ = true;
  int steps = 0;
  do flush();
  while (steps < kStepsInATurn && phase_ != Phase::Closed && out_.size() < limits_.outputBacklog && step() && ++steps);
  flush();
  turning_ = false;
  if (steps == kStepsInATurn) continueLater();
  if (phase_ == Phase::Closed) return;
  if (closing_ && out_.empty()) {
    if (!drain_ || ended_) return close();
    if (phase_ != Phase::Draining) startDraining();
  }
  // No handler is working: the last request is not needed any more.
  if (phase_ == Phase::Head) request_ = Request{};
  account();
  watch();
  setDeadline();
}

/// By a timer, whose turn is among the descriptors that are ready. A deferred call would run before them, each time,
/// and one busy client would block the others.
void Connection::continueLater() {
  if (phase_ == Phase::Closed) return;
  if (!continue_) continue_.emplace(loop_, [this] { guarded([&] { turn(); }); });
  continue_->armIn(core::Duration::zero());
}

void Connection::account() {
  const std::size_t now = in_.size() + request_.body.size() + out_.size();
  const std::size_t before = std::exchange(held_, now);
  if (now != before) server_.account(*this, before, now);
}

void Connection::flush() {
  const std::size_t before = out_.size();
  if (phase_ == Phase::Closed || before == 0) return;
  if (!out_.flush(fd_.get())) return close();
  if (out_.size() < before) progress_ = core::Clock::now();
}

/// One step of the protocol; false when it waits for the client, the handler or the source.
bool Connection::step() {
  if (closing_) return false;
  switch (phase_) {
    case Phase::Head: return readHead();
    case Phase::Body: return readBody();
    case Phase::Streaming: return pump();
    default: return false;
  }
}

void Connection::respond(Response response) {
  if (phase_ == Phase::Handling) answer(std::move(response), request_.keepAlive() && !ended_);
}

/// Answers and closes the connection, although the client may still be sending.
void Connection::refuse(Response response) {
  if (response.status == 503) response.headers.emplace_back("Retry-After", "1");
  response.headers.emplace_back("Connection", "close");
  drain_ = true;
  answer(std::move(response), false);
}

void Connection::answer(Response response, bool keepAlive) {
  write(response, Framing::Length, keepAlive);
  if (request_.method != "HEAD" && response.status != 304) {
    written_ += response.body.size();
    out_.append(std::move(response.body));
  }
  finishAnswer(keepAlive);
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
  // Deferred: the source may call it while it is changed, where its more() must not be called.
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
  std::string().swap(in_);  // clear() would keep the memory
  ::shutdown(fd_.get(), SHUT_WR);
}

void Connection::watch() {
  const bool wantsMore = phase_ == Phase::Draining || (!closing_ && in_.size() < readLimit());
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
    deadline_ = after(in_.empty() && skip_ == 0 ? limits_.idle : limits_.request);
  else
    deadline_ = core::Instant::max();
  // A later deadline needs no system call: the timer checks again when it fires.
  if (deadline_ < armedFor_) {
    armedFor_ = deadline_;
    timer_.arm(deadline_);
  }
}

void Connection::onTimer() {
  armedFor_ = core::Instant::max();
  if (core::Clock::now() >= deadline_) return close();
  setDeadline();
}

}  // namespace http
