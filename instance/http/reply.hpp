// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

#include "instance/http/response.hpp"

namespace http {

class Connection;
class Source;

/// The right to answer one request, now or later. Copies share it; the first answer counts. When the last copy is
/// destroyed without an answer, the client gets status 500. When the client has disconnected, calls do nothing.
class Reply {
 public:
  explicit Reply(std::weak_ptr<Connection> connection);

  void send(Response response) const;
  /// Sends the head of `response` (its body is ignored) and then what `source` gives, chunked for HTTP/1.1.
  void stream(Response response, std::unique_ptr<Source> source) const;
  /// Not answered, and the client is still connected.
  [[nodiscard]] bool pending() const noexcept;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

using Handler = std::function<void(const Request& request, Reply reply)>;

}  // namespace http
