// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/client_error.hpp"
#include "lib/xmlrpc/endpoint.hpp"

namespace xmlrpc {

class Connection;

/// The body of an endless GET (/logtail/NAME/stdout, /mainlogtail), in pieces. The destructor closes the connection.
class Stream {
 public:
  using Piece = std::function<void(std::string_view bytes)>;

  /// Connects, asks for `path` ("/logtail/web%3Aweb_0/stdout", already percent-encoded) and waits for the head of
  /// the answer. Any status but 200 is an error.
  [[nodiscard]] static core::Result<Stream, ClientError> open(const Endpoint& endpoint, const Credentials& credentials,
                                                              std::string_view path);
  Stream(Stream&&) noexcept;
  Stream& operator=(Stream&&) noexcept;
  ~Stream();

  /// Becomes readable when there is something to read(). Call read() once after open(): the first bytes may have
  /// arrived together with the head.
  [[nodiscard]] int fd() const noexcept;
  /// Passes the bytes that have arrived to `piece`, without waiting. False: the server has closed the stream.
  [[nodiscard]] core::Result<bool, ClientError> read(const Piece& piece);

 private:
  explicit Stream(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace xmlrpc
