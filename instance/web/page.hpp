// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "instance/http/response.hpp"

namespace web {

/// `text` for the content of an element or of a quoted attribute. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string escape(std::string_view text);
/// Percent-encodes as Python's urllib.parse.quote: letters, digits and "_.-~/" stay.
[[nodiscard]] std::string quote(std::string_view text);

/// What all pages share.
struct Frame {
  std::string title;
  std::string identifier;
  std::string message;  ///< unescaped; empty: none
  std::string version;
  std::string user{};  ///< who is logged in; empty: no login is required
};
/// A whole page around `content`, which is HTML.
[[nodiscard]] std::string composePage(const Frame& frame, std::string_view content);
/// The page as an answer: not cached, and with a content security policy that allows only our own styles and scripts.
[[nodiscard]] http::Response pageResponse(std::string html);

}  // namespace web
