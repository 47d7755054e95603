// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "instance/http/request.hpp"

namespace web {

/// Whether a request may change something. Browsers send cached credentials with requests from pages of any site
/// (CSRF): an action must show that it comes from our own page or from a script.
enum class OriginCheck {
  Allow,
  Confirm,  ///< ask the person first: a link on another page, or a bookmark in a browser without these headers
  Refuse,
};

/// Checks, in this order: our own `token` in the form; the headers about the origin (Sec-Fetch-Site, Origin, Referer);
/// and whether it is a browser at all: a script that sends none of these headers is allowed.
[[nodiscard]] OriginCheck judge(const http::Request& request, bool tokenValid);

/// Whether the User-Agent is that of a browser.
[[nodiscard]] bool isBrowser(const http::Request& request);

/// Whether a browser sent this request from a page of another site.
[[nodiscard]] bool fromAnotherSite(const http::Request& request);

/// Whether a page of another site makes the browser load this as a script, a picture, a frame or a stream; a link to
/// our page is allowed. Browsers send the headers for this only to localhost and with TLS; elsewhere the headers of our
/// answers forbid the use.
[[nodiscard]] bool embeddedElsewhere(const http::Request& request);

/// 128 random bits in hexadecimal.
[[nodiscard]] std::string makeToken();
/// Compares in a time that does not depend on where they differ.
[[nodiscard]] bool sameToken(std::string_view given, std::string_view expected) noexcept;

}  // namespace web
