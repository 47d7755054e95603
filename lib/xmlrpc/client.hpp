// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"
#include "lib/xmlrpc/client_error.hpp"
#include "lib/xmlrpc/endpoint.hpp"
#include "lib/xmlrpc/value.hpp"

namespace xmlrpc {

template <class T>
using ClientResult = core::Result<T, ClientError>;

class Connection;

/// A blocking XML-RPC client over one kept-alive connection. It connects at the first call; a kept connection that
/// the server closed in the meantime is opened again, once, before the request counts as failed.
class Client {
 public:
  explicit Client(Endpoint endpoint, Credentials credentials = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  /// Calls `method`, e.g. "supervisor.startProcess". Waits as long as the server takes.
  [[nodiscard]] ClientResult<Value> call(std::string_view method, const Array& params = {});

  void setCredentials(Credentials credentials);
  /// Milliseconds that one wait for the server may take; 0 (the default) is no limit.
  void setTimeout(int milliseconds) noexcept;
  /// Drops the connection; the next call opens a new one.
  void close() noexcept;
  [[nodiscard]] const Endpoint& endpoint() const noexcept { return endpoint_; }

 private:
  [[nodiscard]] ClientResult<std::string> exchange(const std::string& request);

  Endpoint endpoint_;
  Credentials credentials_;
  int timeout_ = 0;
  std::unique_ptr<Connection> connection_;
};

}  // namespace xmlrpc
