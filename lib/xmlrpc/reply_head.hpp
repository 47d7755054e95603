// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xmlrpc {

/// The fields of an HTTP answer that a client needs.
struct ReplyHead {
  int status = 0;
  std::string reason;
  std::optional<std::int64_t> length;
  bool chunked = false;
  bool keepAlive = false;
};

/// `head` is the text up to and without the empty line. nullopt: not HTTP, or it has contradictory lengths.
[[nodiscard]] std::optional<ReplyHead> parseReplyHead(std::string_view head);

}  // namespace xmlrpc
