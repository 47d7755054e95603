// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/endpoint.hpp"

#include "lib/core/text.hpp"

namespace xmlrpc {
namespace {

core::Err<core::Error> refuse(std::string_view url, std::string_view why) {
  return core::Err{core::Error{"server URL " + core::pythonRepr(url) + ": " + std::string(why)}};
}

}  // namespace

std::string Endpoint::authority() const {
  if (isUnix()) return "localhost";
  std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  if (port != 80) name += ":" + std::to_string(port);
  return name;
}

core::Expected<Endpoint> parseEndpoint(std::string_view url) {
  Endpoint endpoint{std::string(url), {}, {}, 80};
  if (url.starts_with("unix://")) {
    endpoint.path = url.substr(7);
    if (endpoint.path.empty()) return refuse(url, "the path of the socket is missing");
    return endpoint;
  }
  if (!url.starts_with("http://")) return refuse(url, "must start with unix:// or http://");
  std::string_view rest = url.substr(7);
  rest = rest.substr(0, rest.find('/'));
  if (rest.find('@') != std::string_view::npos)
    return refuse(
        url, "user and password are not allowed in the URL; give them with -u and -p, or as username and password");
  std::size_t hostEnd = rest.rfind(':');
  if (rest.starts_with('[')) {
    const std::size_t bracket = rest.find(']');
    if (bracket == std::string_view::npos) return refuse(url, "']' is missing");
    endpoint.host = rest.substr(1, bracket - 1);
    hostEnd = bracket + 1 < rest.size() ? bracket + 1 : std::string_view::npos;
    if (hostEnd != std::string_view::npos && rest[hostEnd] != ':') return refuse(url, "the port must follow ']:'");
  } else {
    endpoint.host = rest.substr(0, hostEnd);
  }
  if (endpoint.host.empty()) return refuse(url, "the host is missing");
  if (hostEnd == std::string_view::npos) return endpoint;
  const auto port = core::parseInteger(rest.substr(hostEnd + 1));
  if (!port || *port < 1 || *port > 65535) return refuse(url, "the port must be a number from 1 to 65535");
  endpoint.port = static_cast<int>(*port);
  return endpoint;
}

}  // namespace xmlrpc
