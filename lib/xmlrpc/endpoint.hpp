// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace xmlrpc {

/// The address of a server, from its URL.
struct Endpoint {
  std::string url;   ///< as it was given, for messages
  std::string path;  ///< of the Unix socket; empty for TCP
  std::string host;  ///< name or address, IPv6 without brackets
  int port = 80;

  [[nodiscard]] bool isUnix() const noexcept { return !path.empty(); }
  /// For the Host header: "localhost" for a Unix socket, else "host" or "host:port", IPv6 in brackets.
  [[nodiscard]] std::string authority() const;
};

/// User and password for HTTP Basic authentication; sent if neither is empty.
struct Credentials {
  std::string username;
  std::string password;
};

/// "unix:///path", "http://host[:port][/ignored]". User and password inside a URL are not accepted.
[[nodiscard]] core::Expected<Endpoint> parseEndpoint(std::string_view url);

}  // namespace xmlrpc
