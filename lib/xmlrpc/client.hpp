// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/client_error.hpp"
#include "lib/xmlrpc/endpoint.hpp"
#include "lib/xmlrpc/reader.hpp"
#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

template <class T>
using ClientResult = core::Result<T, ClientError>;

class Connection;

/// A blocking XML-RPC client with one persistent connection. It connects at the first call. If the server has closed
/// the connection since then, it connects again, once per call.
class Client {
 public:
  explicit Client(Endpoint endpoint, Credentials credentials = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Calls `method`, for example "supervisor.startProcess". Waits without limit, unless setTimeout() sets one.
  [[nodiscard]] ClientResult<Value> call(std::string_view method, const Array& params = {});

  void setCredentials(Credentials credentials);
  /// The limit of each wait for the server in milliseconds; 0 (the default): no limit.
  void setTimeout(int milliseconds) noexcept;
  /// Bounds the memory for one answer of a server that is not trusted; the default takes up to 1 GiB.
  void setAnswerLimits(const Limits& limits) noexcept { limits_ = limits; }
  /// Drops the connection; the next call opens a new one.
  void close() noexcept;
  [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  [[nodiscard]] ClientResult<std::string> exchange(const std::string& request);

  Endpoint endpoint_;
  Credentials credentials_;
  int timeout_ = 0;
  Limits limits_{1U << 30, 64, 50'000'000};
  std::unique_ptr<Connection> connection_;
};

}  // namespace xmlrpc
