// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/stream.hpp"

#include <string>
#include <utility>

#include "lib/xmlrpc/connection.hpp"
#include "lib/xmlrpc/http_request.hpp"

namespace xmlrpc {

Stream::Stream(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

core::Result<Stream, ClientError> Stream::open(const Endpoint& endpoint, const Credentials& credentials,
                                               std::string_view path) {
  auto connection = Connection::open(endpoint, 0);
  if (!connection) return core::Err{std::move(connection).error()};
  if (auto sent = connection->send(composeGet(endpoint, credentials, path)); !sent)
    return core::Err{std::move(sent).error()};
  auto head = connection->readHead();
  if (!head) return core::Err{std::move(head).error()};
  using Kind = ClientError::Kind;
  if (head->status != 200)
    return core::Err{ClientError{head->status == 401 ? Kind::Unauthorized : Kind::Status, head->status, head->reason}};
  connection->streamHead = std::move(*head);
  return Stream(std::make_unique<Connection>(std::move(*connection)));
}

int Stream::fd() const noexcept { return connection_->fd(); }

core::Result<bool, ClientError> Stream::read(const Piece& piece) {
  return connection_->readAvailable(connection_->streamHead, piece);
}

}  // namespace xmlrpc
