// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/http_request.hpp"

#include "lib/core/base64.hpp"

namespace xmlrpc {
namespace {

std::string fields(const Endpoint& endpoint, const Credentials& credentials) {
  std::string text = "Host: " + endpoint.authority() + "\r\nUser-Agent: supervisor-manager\r\n";
  if (!credentials.username.empty() && !credentials.password.empty())
    text += "Authorization: Basic " + core::encodeBase64(credentials.username + ":" + credentials.password) + "\r\n";
  return text;
}

}  // namespace

std::string composeGet(const Endpoint& endpoint, const Credentials& credentials, std::string_view path) {
  std::string text = "GET ";
  text.append(path).append(" HTTP/1.1\r\n").append(fields(endpoint, credentials));
  return text + "Accept: */*\r\n\r\n";
}

std::string composePost(const Endpoint& endpoint, const Credentials& credentials, std::string_view body) {
  std::string text = "POST /RPC2 HTTP/1.1\r\n" + fields(endpoint, credentials);
  text += "Accept: text/xml\r\nContent-Type: text/xml\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return text.append(body);
}

}  // namespace xmlrpc
