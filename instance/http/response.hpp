// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "instance/http/request.hpp"

namespace http {

/// An answer. When it is sent, these headers are added: Server, Date, those against embedding by other sites,
/// Content-Length or Transfer-Encoding, and Connection.
struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string reason{};  ///< of the status line; empty: the standard one. Clients show it to people.
};

[[nodiscard]] Response makeResponse(std::string_view contentType, std::string body);
/// A small page for a status that is an error. `explanation` is text for people, unescaped.
[[nodiscard]] Response makeError(int status, std::string_view explanation = {});
/// 401: the browser asks for a name and a password; the page explains why, for who cancels.
[[nodiscard]] Response makeUnauthorized();
/// 301 to `location`.
[[nodiscard]] Response makeRedirect(std::string location);
/// "Bad Request"; "???" for a status that this server does not send.
[[nodiscard]] std::string reasonOf(int status);
/// "Sat, 21 Nov 2026 02:05:40 GMT".
[[nodiscard]] std::string httpDate(std::time_t when);

/// How a client recognizes the end of an answer.
enum class Framing { Length, Chunked, Close };
/// The head of `response` for a client of `version`, up to and with the empty line.
[[nodiscard]] std::string composeHead(const Response& response, Version version, Framing framing, bool keepAlive);

}  // namespace http
