// SPDX-License-Identifier: MIT
#include "instance/web/page.hpp"

#include <fmt/core.h>

#include "lib/core/text.hpp"

namespace web {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : core::isUtf8(text) ? std::string(text) : core::toUtf8(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        // Control bytes (terminal colours, NUL) are not valid in HTML.
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t')
          out += "\xEF\xBF\xBD";
        else
          out += c;
    }
  }
  return out;
}

std::string quote(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~/";
  constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += hex[static_cast<unsigned char>(c) >> 4];
      out += hex[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

std::string composePage(const Frame& frame, std::string_view content) {
  const std::string user =
      frame.user.empty()
          ? ""
          : fmt::format(R"( <a href="logout.html" title="Logged in as {0}">Log out {0}</a>)", escape(frame.user));
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title} · {heading}</title>
  <link rel="stylesheet" href="stylesheets/supervisor.css">
  <link rel="icon" href="images/icon.svg" type="image/svg+xml">
  <script src="supervisor.js" defer></script>
  <script src="programs.js" defer></script>
  <script src="log.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header id="header">
  <h1>{heading}</h1>
  <span id="live" role="status"></span>
  <nav aria-label="Pages"><a href="index.html">Programs</a> <a href="activity.html">Activity log</a>{user}</nav>
</header>
<main id="wrapper">
<div id="message" class="{messageClass}"><span id="statusmessage" role="status">{message}</span>
<a id="dismiss" class="button" href="./" aria-label="Close the message">×</a></div>
{content}</main>
<footer id="footer">Supervisor {version}</footer>
</body>
</html>
)",
                     fmt::arg("title", escape(frame.title)), fmt::arg("heading", escape(frame.identifier)),
                     fmt::arg("messageClass", frame.message.empty() ? "hidden" : "status_msg"),
                     fmt::arg("message", escape(frame.message)), fmt::arg("content", content), fmt::arg("user", user),
                     fmt::arg("version", escape(frame.version)));
}

http::Response pageResponse(std::string html) {
  auto response = http::makeResponse("text/html;charset=utf-8", std::move(html));
  auto& headers = response.headers;
  headers.emplace_back("Pragma", "no-cache");
  headers.emplace_back("Cache-Control", "no-cache");
  headers.emplace_back("Expires", "Thu, 01 Jan 1970 00:00:00 GMT");
  headers.emplace_back("Content-Security-Policy",
                       "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
                       "form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  headers.emplace_back("X-Frame-Options", "DENY");  // for browsers without frame-ancestors
  headers.emplace_back("Referrer-Policy", "same-origin");
  return response;
}

}  // namespace web
