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

/// `text` is the head up to and with the empty line. The error is the status to refuse it with: 400 for what is not
/// HTTP or contradicts itself, 411 for a body without Content-Length, 413 for one above `maxBody`.
[[nodiscard]] core::Result<RequestHead, int> parseRequestHead(std::string_view text, std::size_t maxBody);

}  // namespace http
