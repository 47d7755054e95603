// SPDX-License-Identifier: MIT
#include "instance/http/reply.hpp"

#include <exception>
#include <utility>

#include "instance/http/connection.hpp"
#include "instance/http/source.hpp"

namespace http {

struct Reply::Shared {
  explicit Shared(std::weak_ptr<Connection> to) : connection(std::move(to)) {}
  ~Shared() {
    const auto client = take();
    if (!client) return;
    try {
      client->respond(makeError(500));
    } catch (const std::exception&) {  // no memory for that answer either
      client->close();
    }
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  /// The connection, for the first answer only.
  std::shared_ptr<Connection> take() noexcept { return std::exchange(connection, {}).lock(); }

  std::weak_ptr<Connection> connection;
};

Reply::Reply(std::weak_ptr<Connection> connection) : shared_(std::make_shared<Shared>(std::move(connection))) {}

void Reply::send(Response response) const {
  const auto client = shared_->take();
  if (!client) return;
  try {
    client->respond(std::move(response));
  } catch (const std::exception& error) {  // not an error of the handler, which continues
    client->giveUp(error.what());
  }
}

void Reply::stream(Response response, std::unique_ptr<Source> source) const {
  const auto client = shared_->take();
  if (!client) return;
  try {
    client->beginStream(std::move(response), std::move(source));
  } catch (const std::exception& error) {
    client->giveUp(error.what());
  }
}

bool Reply::pending() const noexcept { return !shared_->connection.expired(); }

}  // namespace http
