// SPDX-License-Identifier: MIT
#include "instance/web/origin.hpp"

#include <sys/random.h>

#include <array>
#include <optional>
#include <stdexcept>

#include "lib/core/text.hpp"

namespace web {
namespace {

/// "host:port" of "http://host:port/path"; the whole text if it has no scheme ("null").
std::string_view hostOf(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return url;
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

/// Whether the request comes from another site; nothing if it has none of these headers.
std::optional<bool> foreign(const http::Request& request) {
  const auto site = request.header("Sec-Fetch-Site");
  if (!site.empty()) return site != "same-origin" && site != "none";
  for (const auto name : {"Origin", "Referer"}) {
    const auto value = request.header(name);
    if (!value.empty()) return core::lower(hostOf(value)) != core::lower(request.header("Host"));
  }
  return std::nullopt;
}

}  // namespace

bool isBrowser(const http::Request& request) { return request.header("User-Agent").starts_with("Mozilla/"); }

bool fromAnotherSite(const http::Request& request) { return foreign(request).value_or(false); }

bool embeddedElsewhere(const http::Request& request) {
  const auto site = request.header("Sec-Fetch-Site");
  const auto mode = request.header("Sec-Fetch-Mode");
  // Without these headers it is an old browser or a script: judge() decides about actions.
  if (mode.empty() || site == "same-origin" || site == "none") return false;
  return mode != "navigate" || request.header("Sec-Fetch-Dest") != "document";
}

OriginCheck judge(const http::Request& request, bool tokenValid) {
  if (tokenValid) return OriginCheck::Allow;
  const auto other = foreign(request);
  if (other ? !*other : !isBrowser(request)) return OriginCheck::Allow;
  // A link can be confirmed by the person. A form of another site is an attack or a mistake.
  return request.method == "GET" ? OriginCheck::Confirm : OriginCheck::Refuse;
}

std::string makeToken() {
  std::array<unsigned char, 16> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("no random numbers");
  constexpr char hex[] = "0123456789abcdef";
  std::string token;
  for (const auto byte : bytes) {
    token += hex[byte >> 4];
    token += hex[byte & 15];
  }
  return token;
}

bool sameToken(std::string_view given, std::string_view expected) noexcept {
  if (given.size() != expected.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < given.size(); ++i) difference |= static_cast<unsigned char>(given[i] ^ expected[i]);
  return difference == 0;
}

}  // namespace web
