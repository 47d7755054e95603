// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xmlrpc {

/// What a client needs of the head of an HTTP answer.
struct ReplyHead {
  int status = 0;
  std::string reason;
  std::optional<std::int64_t> length;
  bool chunked = false;
  bool keepAlive = false;
};

/// `head` is the text up to and without the empty line. Nullopt: not HTTP, or its framing contradicts itself.
[[nodiscard]] std::optional<ReplyHead> parseReplyHead(std::string_view head);

}  // namespace xmlrpc
