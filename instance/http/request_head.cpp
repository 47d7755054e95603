// SPDX-License-Identifier: MIT
#include "instance/http/request_head.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "lib/core/text.hpp"

/// A proxy between a client and us must see the same requests as we do (request smuggling): nothing is guessed or
/// repaired. A head that does not follow RFC 9112 is refused, and the connection is closed.
namespace http {
namespace {

using Refusal = core::Err<int>;

constexpr int kBadRequest = 400;
constexpr int kLengthRequired = 411;
constexpr int kTooLarge = 413;
constexpr std::size_t kMaxFields = 100;
constexpr std::string_view kLineEnd = "\r\n";

bool isToken(std::string_view text) {
  const auto fits = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

/// A tab is allowed inside the value of a header. CR and LF are not allowed anywhere: lines have been cut at both.
bool hasControlBytes(std::string_view text, bool tabAllowed) {
  return std::any_of(text.begin(), text.end(), [tabAllowed](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && !(tabAllowed && c == '\t')) || c == 0x7F;
  });
}

std::string_view trimBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

std::string_view takeLine(std::string_view& text) {
  const std::size_t end = text.find(kLineEnd);
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + kLineEnd.size());
  return line;
}

std::optional<Version> versionOf(std::string_view text) {
  if (text == "HTTP/1.0") return Version::Http10;
  const bool later = text.size() == 8 && text.starts_with("HTTP/1.") && text[7] >= '1' && text[7] <= '9';
  return later ? std::optional(Version::Http11) : std::nullopt;
}

/// "http://host:port/path" is the host, and the path alone for all later code. nullopt: it has neither form.
std::optional<std::string> takeAuthority(std::string& uri) {
  if (uri.starts_with('/')) return std::string();
  const std::string start = core::lower(std::string_view(uri).substr(0, 8));
  const std::size_t scheme = start.starts_with("http://") ? 7 : start == "https://" ? 8 : std::string::npos;
  if (scheme == std::string::npos) return std::nullopt;
  const std::size_t end = std::min(uri.find_first_of("/?#", scheme), uri.size());
  std::string authority = uri.substr(scheme, end - scheme);
  if (authority.empty() || authority.find('@') != std::string::npos) return std::nullopt;
  uri.erase(0, end);
  if (!uri.starts_with('/')) uri.insert(0, 1, '/');
  return authority;
}

/// Reads "METHOD target HTTP/1.x"; `authority` is that of an absolute target.
bool readRequestLine(std::string_view line, Request& request, std::string& authority) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || hasControlBytes(line, false)) return false;
  request.line = line;
  request.method = line.substr(0, first);
  request.uri = line.substr(first + 1, last - first - 1);
  const auto version = versionOf(line.substr(last + 1));
  if (!version || !isToken(request.method) || request.uri.find(' ') != std::string::npos) return false;
  request.version = *version;
  auto named = takeAuthority(request.uri);
  if (named) authority = std::move(*named);
  return named.has_value();
}

/// Reads one header line. A line that begins with a blank (an obsolete continuation) has no name, and is refused for
/// that.
bool readField(std::string_view line, Request& request) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !isToken(line.substr(0, colon)) || hasControlBytes(line, true)) return false;
  if (request.headers.size() >= kMaxFields) return false;
  request.headers.emplace_back(line.substr(0, colon), trimBlanks(line.substr(colon + 1)));
  return true;
}

/// Two such lines are refused: a proxy may have used the other one.
bool contradictsItself(const Request& request) {
  constexpr std::array once{"Host", "Content-Length", "Transfer-Encoding", "Authorization", "Origin", "Sec-Fetch-Site"};
  return std::any_of(once.begin(), once.end(), [&](const char* name) { return request.count(name) > 1; });
}

/// The authority of the target is the requested host; a Host header must agree with it.
bool settleHost(Request& request, std::string authority) {
  if (authority.empty()) return true;
  if (request.count("Host") > 0) return core::lower(request.header("Host")) == core::lower(authority);
  request.headers.emplace_back("Host", std::move(authority));
  return true;
}

core::Result<std::optional<std::size_t>, int> contentLength(const Request& request) {
  if (request.count("Content-Length") == 0) return std::optional<std::size_t>();
  const std::string_view value = request.header("Content-Length");
  // parseInteger alone would accept a sign.
  if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos) return Refusal{kBadRequest};
  const auto number = core::parseInteger(value);
  if (!number) return Refusal{kTooLarge};
  return std::optional(static_cast<std::size_t>(*number));
}

core::Result<RequestHead, int> frame(Request request, std::size_t maxBody) {
  auto length = contentLength(request);
  if (!length) return Refusal{length.error()};
  if (request.count("Transfer-Encoding") > 0) {
    const bool chunked = core::lower(request.header("Transfer-Encoding")) == "chunked";
    const bool sound = chunked && !*length && request.version == Version::Http11;
    return Refusal{sound ? kLengthRequired : kBadRequest};
  }
  const bool carriesBody = request.method == "POST" || request.method == "PUT";
  if (carriesBody && !*length) return Refusal{kLengthRequired};
  const std::size_t size = length->value_or(0);
  if (size > maxBody) return Refusal{kTooLarge};
  const bool expects = request.version == Version::Http11 && core::lower(request.header("Expect")) == "100-continue";
  return RequestHead{std::move(request), size, expects};
}

}  // namespace

bool hasBareLineFeed(std::string_view text, std::size_t from) noexcept {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1))
    if (at == 0 || text[at - 1] != '\r') return true;
  return false;
}

core::Result<RequestHead, int> parseRequestHead(std::string_view text, std::size_t maxBody) {
  if (!text.ends_with("\r\n\r\n") || hasBareLineFeed(text)) return Refusal{kBadRequest};
  text.remove_suffix(kLineEnd.size());
  Request request;
  std::string authority;
  if (!readRequestLine(takeLine(text), request, authority)) return Refusal{kBadRequest};
  while (!text.empty())
    if (!readField(takeLine(text), request)) return Refusal{kBadRequest};
  if (contradictsItself(request) || !settleHost(request, std::move(authority))) return Refusal{kBadRequest};
  return frame(std::move(request), maxBody);
}

}  // namespace http
