// SPDX-License-Identifier: MIT
#include "instance/probe/probe.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "instance/probe/address.hpp"
#include "lib/lifecycle/pacing.hpp"
#include "lib/xmlrpc/reply_head.hpp"

namespace probe {
namespace {

using Kind = config::ProbeTarget::Kind;

/// A health page has a shorter head.
constexpr std::size_t kLongestHead = 16384;

std::string requestFor(const config::ProbeTarget& target) {
  return fmt::format(
      "GET {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: supervisord\r\nAccept: */*\r\nConnection: close\r\n\r\n",
      target.place, config::authorityOf(target));
}

/// Where the body begins, after the empty line; npos: the head is not complete.
std::size_t endOfHead(std::string_view bytes) noexcept {
  const auto strict = bytes.find("\r\n\r\n");
  const auto plain = bytes.find("\n\n");
  if (strict < plain) return strict + 4;
  return plain == std::string_view::npos ? plain : plain + 2;
}

}  // namespace

Probe::Probe(core::EventLoop& loop, config::ProbeTarget target)
    : target_(std::move(target)), watch_(loop, [this](std::uint32_t /*ready*/) { advance(); }), timer_(loop, [this] {
        if (step_ == Step::Connect) return advance();
        timedOut();
      }) {}

void Probe::start(core::milliseconds timeout, Done done) {
  assert(!running());
  if (target_.kind == Kind::Http) bytes_ = requestFor(target_);
  done_ = std::move(done);
  timeout_ = timeout;
  until_ = core::Clock::now() + timeout;
  address_ = 0;
  status_ = 0;
  step_ = Step::Connect;
  timer_.arm(core::Clock::now());
}

void Probe::cancel() noexcept {
  step_ = Step::Idle;
  timer_.disarm();
  watch_.stop();
  socket_.reset();
  bytes_ = {};
  done_ = nullptr;
}

void Probe::advance() {
  switch (step_) {
    case Step::Idle: return;
    case Step::Connect: return connect();
    case Step::Connecting: {
      int error = 0;
      socklen_t size = sizeof error;
      if (::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
      return connected(error);
    }
    case Step::Sending: return send();
    case Step::Reading: return read();
  }
}

void Probe::connect() {
  timer_.arm(until_);
  const auto address = addressOf(target_, address_);
  watch_.stop();
  socket_.reset(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_) return connected(errno);
  if (::connect(socket_.get(), address.get(), address.size) == 0) return connected(0);
  if (errno != EINPROGRESS) return connected(errno);
  step_ = Step::Connecting;
  watch_.start(socket_.get(), core::IoWatch::Write);
}

void Probe::connected(int error) {
  if (error == 0 && isConnectedToItself(socket_.get())) error = ECONNREFUSED;
  if (error != 0) {
    if (addressOf(target_, address_ + 1U).size == 0) return fail("connect", error);
    ++address_;
    return connect();
  }
  if (target_.kind != Kind::Http) return finish({});
  step_ = Step::Sending;
  watch_.start(socket_.get(), core::IoWatch::Write);
}

void Probe::send() {
  const auto sent = ::send(socket_.get(), bytes_.data(), bytes_.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return fail("send", errno);
  }
  bytes_.erase(0, static_cast<std::size_t>(sent));
  if (!bytes_.empty()) return;
  step_ = Step::Reading;
  watch_.setEvents(core::IoWatch::Read);
}

void Probe::read() {
  std::array<char, 4096> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): recv fills it
  const auto count = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0 && status_ == 0) return fail("read", errno);
  if (count > 0) bytes_.append(chunk.data(), static_cast<std::size_t>(count));
  if (judge(count <= 0)) return;
  if (bytes_.size() >= kLongestHead && status_ == 0)
    return finish(core::Err{core::Error{config::toText(target_) + ": the head of the answer is too long"}});
}

/// Whether the answer is complete; then the question is finished. The body is read, though it does not matter: to close
/// before would be an error in the log of many a server.
bool Probe::judge(bool complete) {
  const auto end = endOfHead(bytes_);
  const auto head =
      end == std::string::npos ? std::nullopt : xmlrpc::parseReplyHead(std::string_view(bytes_).substr(0, end - 2));
  if ((end != std::string::npos && !head) || (complete && end == std::string::npos)) {
    finish(core::Err{
        core::Error{config::toText(target_) +
                    (bytes_.empty() ? ": the connection was closed without an answer" : ": the answer is not HTTP")}});
    return true;
  }
  if (!head) return false;
  status_ = head->status;
  const auto body = bytes_.size() - end;
  const bool whole = head->length && !head->chunked && body >= static_cast<std::uint64_t>(*head->length);
  if (!complete && !whole && status_ != 204 && status_ != 304 && bytes_.size() < kLongestAnswer) return false;
  timedOut();
  return true;
}

/// The end of the question: what is known now decides.
void Probe::timedOut() {
  if (status_ == 0)
    return finish(core::Err{core::Error{
        fmt::format("{}: no answer within {}", config::toText(target_), lifecycle::durationText(timeout_))}});
  if (status_ >= target_.leastStatus && status_ <= target_.greatestStatus) return finish({});
  const auto expected = target_.leastStatus == target_.greatestStatus
                            ? fmt::format("{}", target_.leastStatus)
                            : fmt::format("{}-{}", target_.leastStatus, target_.greatestStatus);
  finish(core::Err{core::Error{fmt::format("{}: status {}, not {}", config::toText(target_), status_, expected)}});
}

void Probe::fail(std::string_view what, int error) {
  finish(core::Err{
      core::Error{fmt::format("{}: {}: {}", config::toText(target_), what, ::strerrordesc_np(error)), error}});
}

void Probe::finish(core::Status outcome) {
  const auto done = std::exchange(done_, nullptr);
  cancel();
  if (done) done(std::move(outcome));
}

}  // namespace probe
