// SPDX-License-Identifier: MIT
#include "instance/http/reply.hpp"

#include <utility>

#include "instance/http/connection.hpp"
#include "instance/http/source.hpp"

namespace http {

struct Reply::State {
  explicit State(std::weak_ptr<Connection> to) : connection(std::move(to)) {}
  ~State() {
    if (const auto client = take()) client->respond(makeError(500));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// The connection, for the one who answers first.
  std::shared_ptr<Connection> take() noexcept { return std::exchange(connection, {}).lock(); }

  std::weak_ptr<Connection> connection;
};

Reply::Reply(std::weak_ptr<Connection> connection) : state_(std::make_shared<State>(std::move(connection))) {}

void Reply::send(Response response) const {
  if (const auto client = state_->take()) client->respond(std::move(response));
}

void Reply::stream(Response response, std::unique_ptr<Source> source) const {
  if (const auto client = state_->take()) client->beginStream(std::move(response), std::move(source));
}

bool Reply::pending() const noexcept { return !state_->connection.expired(); }

}  // namespace http
