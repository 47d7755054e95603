// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "instance/http/request.hpp"
#include "lib/core/result.hpp"

namespace http {

/// The head of a request and how its body is framed.
struct RequestHead {
  Request request;
  std::size_t bodyLength = 0;
  bool expectsContinue = false;
};

/// Whether a line of `text` that ends at or after `from` ends with LF alone, which no HTTP client sends.
[[nodiscard]] bool hasBareLineFeed(std::string_view text, std::size_t from = 0) noexcept;

/// `text` is the head, including the empty line. The error is the status to refuse it with: 400 if it is not strictly
/// HTTP/1 or contradicts itself, 411 for a body without Content-Length (chunked bodies are not supported), 413 for one
/// above `maxBody`. After an error it is unknown where the next request begins: close the connection.
[[nodiscard]] core::Result<RequestHead, int> parseRequestHead(std::string_view text, std::size_t maxBody);

}  // namespace http
