// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/core/unique_fd.hpp"
#include "lib/xmlrpc/chunk_decoder.hpp"
#include "lib/xmlrpc/client_error.hpp"
#include "lib/xmlrpc/endpoint.hpp"
#include "lib/xmlrpc/reply_head.hpp"

namespace xmlrpc {

/// One blocking HTTP connection of a client.
class Connection {
 public:
  template <class T>
  using Result = core::Result<T, ClientError>;

  [[nodiscard]] static Result<Connection> open(const Endpoint& endpoint, int timeoutMs);

  [[nodiscard]] Result<void> send(std::string_view bytes);
  /// Waits for the head of an answer.
  [[nodiscard]] Result<ReplyHead> readHead();
  /// Waits for the whole body that `head` announces, at most `limit` bytes.
  [[nodiscard]] Result<std::string> readBody(const ReplyHead& head, std::size_t limit);
  /// For streams: passes the bytes that have arrived to `piece`, without waiting; false at the end.
  [[nodiscard]] Result<bool> readAvailable(const ReplyHead& head, const ChunkDecoder::Piece& piece);

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  /// Something of the current answer has been read.
  [[nodiscard]] bool answerBegun() const noexcept { return begun_; }
  void setTimeout(int milliseconds) noexcept { timeout_ = milliseconds; }
  ReplyHead streamHead;

 private:
  explicit Connection(core::UniqueFd fd, int timeoutMs) : fd_(std::move(fd)), timeout_(timeoutMs) {}
  /// Appends the bytes of one read to buffer_; 0 at the end of the connection.
  [[nodiscard]] Result<std::size_t> fill(int flags);
  [[nodiscard]] Result<std::string> readChunked(std::size_t limit);

  core::UniqueFd fd_;
  int timeout_ = 0;
  std::string buffer_;
  ChunkDecoder decoder_;
  bool begun_ = false;
};

}  // namespace xmlrpc
