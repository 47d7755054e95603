// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "instance/http/request.hpp"

namespace web {

/// May this request change something? Browsers send cached credentials to us from any page they show: an action must
/// prove that a person at our own page, or a script, asked for it.
enum class OriginCheck {
  Allow,
  Confirm,  ///< ask the person first: a link from elsewhere, or a bookmark in a browser that says nothing about itself
  Refuse,
};

/// Judges by, in this order: our own `token` in the form; what the browser says about the origin (Sec-Fetch-Site,
/// Origin, Referer); and whether it is a browser at all: a script that sends none of these needs no page's consent.
[[nodiscard]] OriginCheck judge(const http::Request& request, bool tokenValid);

/// Whether this comes from a browser, as far as it says so.
[[nodiscard]] bool isBrowser(const http::Request& request);

/// Whether a browser sent this request from a page of another site.
[[nodiscard]] bool fromAnotherSite(const http::Request& request);

/// Whether a browser asks on behalf of another site's page for anything but to leave that page for ours: a script, a
/// picture, a frame, a stream. Browsers say so to localhost and behind TLS; elsewhere our answers forbid the use.
[[nodiscard]] bool embeddedElsewhere(const http::Request& request);

/// 128 random bits in hexadecimal.
[[nodiscard]] std::string makeToken();
/// Compares in a time that does not depend on where they differ.
[[nodiscard]] bool sameToken(std::string_view given, std::string_view expected) noexcept;

}  // namespace web
