// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/client.hpp"

#include <cerrno>
#include <utility>
#include <variant>

#include "lib/xmlrpc/connection.hpp"
#include "lib/xmlrpc/http_request.hpp"
#include "lib/xmlrpc/message.hpp"
#include "lib/xmlrpc/reader.hpp"

namespace xmlrpc {
namespace {

using ErrorKind = ClientError::Kind;

ClientError statusError(const ReplyHead& head) {
  return ClientError{head.status == 401 ? ErrorKind::Unauthorized : ErrorKind::Status, head.status, head.reason};
}

}  // namespace

Client::Client(Endpoint endpoint, Credentials credentials)
    : endpoint_(std::move(endpoint)), credentials_(std::move(credentials)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

void Client::setCredentials(Credentials credentials) { credentials_ = std::move(credentials); }
void Client::close() noexcept { connection_.reset(); }

void Client::setTimeout(int milliseconds) noexcept {
  timeout_ = milliseconds;
  if (connection_) connection_->setTimeout(milliseconds);
}

ClientResult<Value> Client::call(std::string_view method, const Array& params) {
  const std::string request = composePost(endpoint_, credentials_, composeRequest(method, params));
  const bool kept = connection_ != nullptr;
  auto body = exchange(request);
  // The server may have closed a kept connection since its last answer. The request is sent again only if no byte of an
  // answer has arrived: otherwise the server has executed it.
  const bool stale =
      kept && !body && !(connection_ && connection_->answerBegun()) &&
      (body.error().kind == ErrorKind::Protocol || body.error().code == EPIPE || body.error().code == ECONNRESET);
  if (stale) {
    close();
    body = exchange(request);
  }
  if (!body) {
    close();
    return core::Err{std::move(body).error()};
  }
  auto answer = readResponse(*body, limits_);
  if (!answer)
    return core::Err{ClientError{ErrorKind::Protocol, 0, "the answer is not XML-RPC: " + answer.error().text}};
  if (auto* fault = std::get_if<Fault>(&*answer))
    return core::Err{ClientError{ErrorKind::Fault, fault->code, fault->text}};
  return std::get<Value>(std::move(*answer));
}

ClientResult<std::string> Client::exchange(const std::string& request) {
  if (!connection_) {
    auto opened = Connection::open(endpoint_, timeout_);
    if (!opened) return core::Err{std::move(opened).error()};
    connection_ = std::make_unique<Connection>(std::move(*opened));
  }
  if (auto sent = connection_->send(request); !sent) return core::Err{std::move(sent).error()};
  auto head = connection_->readHead();
  if (!head) return core::Err{std::move(head).error()};
  if (head->status != 200) return core::Err{statusError(*head)};
  auto body = connection_->readBody(*head, limits_.bytes);
  if (body && !head->keepAlive) close();
  return body;
}

}  // namespace xmlrpc
