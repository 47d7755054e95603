// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/reply_head.hpp"

#include "lib/core/text.hpp"

namespace xmlrpc {
namespace {

bool parseStatusLine(std::string_view line, ReplyHead& head) {
  if (!line.starts_with("HTTP/1.") || line.size() < 12) return false;
  head.keepAlive = line[7] == '1';
  const auto status = core::parseInteger(line.substr(9, 3));
  if (line[8] != ' ' || !status || *status < 100) return false;
  head.status = static_cast<int>(*status);
  head.reason = core::trim(line.substr(12));
  return true;
}

bool parseField(std::string_view line, ReplyHead& head) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string name = core::lower(line.substr(0, colon));
  const std::string_view value = core::trim(line.substr(colon + 1));
  if (name == "content-length") {
    const auto length = core::parseInteger(value);
    if (!length || *length < 0 || (head.length && *head.length != *length)) return false;
    head.length = *length;
  } else if (name == "transfer-encoding") {
    if (core::lower(value) != "chunked") return false;
    head.chunked = true;
  } else if (name == "connection") {
    const std::string word = core::lower(value);
    if (word == "close") head.keepAlive = false;
    if (word == "keep-alive") head.keepAlive = true;
  }
  return true;
}

}  // namespace

std::optional<ReplyHead> parseReplyHead(std::string_view text) {
  ReplyHead head;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (first ? !parseStatusLine(line, head) : !parseField(line, head)) return std::nullopt;
    first = false;
  }
  if (first || (head.chunked && head.length)) return std::nullopt;
  return head;
}

}  // namespace xmlrpc
