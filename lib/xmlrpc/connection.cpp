// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "lib/xmlrpc/connect.hpp"

namespace xmlrpc {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;
/// For one read. Each of its pages is a page fault, which takes longer than another read for a large answer.
constexpr std::size_t kBlock = 16 * 1024;

core::Err<ClientError> protocol(std::string text) {
  return core::Err{ClientError{ClientError::Kind::Protocol, 0, std::move(text)}};
}

}  // namespace

Connection::Result<Connection> Connection::open(const Endpoint& endpoint, int timeoutMs) {
  auto fd = connectTo(endpoint);
  if (!fd) return core::Err{std::move(fd).error()};
  return Connection(std::move(*fd), timeoutMs);
}

Connection::Result<void> Connection::send(std::string_view bytes) {
  begun_ = false;
  decoder_ = {};
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return core::Err{systemError("send to the server", errno)};
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Connection::Result<std::size_t> Connection::fill(int flags) {
  if (timeout_ > 0 && (flags & MSG_DONTWAIT) == 0) {
    pollfd ready{fd_.get(), POLLIN, 0};
    const int r = ::poll(&ready, 1, timeout_);
    if (r == 0) return core::Err{systemError("wait for the server", ETIMEDOUT)};
    if (r < 0) return core::Err{systemError("wait for the server", errno)};
  }
  char block[kBlock];
  const ssize_t n = ::recv(fd_.get(), block, sizeof block, flags);
  if (n < 0) return core::Err{systemError("read from the server", errno)};
  buffer_.append(block, static_cast<std::size_t>(n));
  begun_ = begun_ || n > 0;
  return static_cast<std::size_t>(n);
}

Connection::Result<ReplyHead> Connection::readHead() {
  std::size_t end = buffer_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (buffer_.size() > kMaxHead) return protocol("the head of the answer is too long");
    const auto n = fill(0);
    if (!n) return core::Err{n.error()};
    if (*n == 0) return protocol("the server closed the connection without an answer");
    end = buffer_.find("\r\n\r\n");
  }
  auto head = parseReplyHead(std::string_view(buffer_).substr(0, end));
  buffer_.erase(0, end + 4);
  if (!head) return protocol("the answer is not HTTP");
  return std::move(*head);
}

Connection::Result<std::string> Connection::readBody(const ReplyHead& head, std::size_t limit) {
  if (head.chunked) return readChunked(limit);
  if (head.length && static_cast<std::size_t>(*head.length) > limit) return protocol("the answer is too long");
  const std::size_t wanted = head.length ? static_cast<std::size_t>(*head.length) : limit;
  while (buffer_.size() < wanted) {
    const auto n = fill(0);
    if (!n) return core::Err{n.error()};
    if (*n == 0 && head.length) return protocol("the server closed the connection before its answer was complete");
    if (*n == 0) return std::exchange(buffer_, {});
  }
  std::string body = std::exchange(buffer_, {});
  buffer_.assign(body, wanted, std::string::npos);
  body.resize(wanted);
  return body;
}

Connection::Result<std::string> Connection::readChunked(std::size_t limit) {
  std::string body;
  const auto collect = [&body](std::string_view piece) { body += piece; };
  for (;;) {
    if (!decoder_.feed(std::exchange(buffer_, {}), collect))
      return protocol("the chunked encoding of the answer is invalid");
    if (decoder_.finished()) return body;
    if (body.size() > limit) return protocol("the answer is too long");
    const auto n = fill(0);
    if (!n) return core::Err{n.error()};
    if (*n == 0) return protocol("the server closed the connection before its answer was complete");
  }
}

Connection::Result<bool> Connection::readAvailable(const ReplyHead& head, const ChunkDecoder::Piece& piece) {
  const auto n = fill(MSG_DONTWAIT);
  const bool nothing = !n && (n.error().code == EAGAIN || n.error().code == EINTR);
  if (!n && !nothing) return core::Err{n.error()};
  const std::string bytes = std::exchange(buffer_, {});
  if (head.chunked) {
    if (!decoder_.feed(bytes, piece)) return protocol("the chunked encoding of the answer is invalid");
  } else if (!bytes.empty()) {
    piece(bytes);
  }
  return !decoder_.finished() && (nothing || *n > 0);
}

}  // namespace xmlrpc
