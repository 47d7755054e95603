// SPDX-License-Identifier: MIT
#include "instance/http/request_head.hpp"

#include <Poco/Exception.h>
#include <Poco/MemoryStream.h>
#include <Poco/Net/HTTPRequest.h>

#include <algorithm>
#include <optional>

#include "lib/core/text.hpp"

namespace http {
namespace {

using Refusal = core::Err<int>;

constexpr int kBadRequest = 400;
constexpr int kLengthRequired = 411;
constexpr int kTooLarge = 413;

std::optional<Version> versionOf(std::string_view text) {
  if (text.empty()) return Version::None;
  if (text == "HTTP/1.0") return Version::Http10;
  if (text.starts_with("HTTP/1.")) return Version::Http11;
  return std::nullopt;
}

bool isToken(std::string_view text) {
  const auto fits = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

bool hasControlBytes(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// Poco reads a negative length and takes the first of two: both could hide a second request in a body.
core::Result<std::optional<std::size_t>, int> contentLength(const Request& request) {
  std::optional<std::size_t> length;
  for (const auto& [name, value] : request.headers) {
    if (core::lower(name) != "content-length") continue;
    const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    const auto number = core::parseInteger(value);
    if (!digits) return Refusal{kBadRequest};
    if (!number) return Refusal{kTooLarge};
    const auto size = static_cast<std::size_t>(*number);
    if (length && *length != size) return Refusal{kBadRequest};
    length = size;
  }
  return length;
}

core::Result<RequestHead, int> frame(Request request, std::size_t maxBody) {
  auto length = contentLength(request);
  if (!length) return Refusal{length.error()};
  const bool chunked = !request.header("Transfer-Encoding").empty();
  if (chunked && *length) return Refusal{kBadRequest};
  const bool carriesBody = request.method == "POST" || request.method == "PUT";
  if (chunked || (carriesBody && !*length)) return Refusal{kLengthRequired};
  const std::size_t size = length->value_or(0);
  if (size > maxBody) return Refusal{kTooLarge};
  const bool expects = core::lower(request.header("Expect")) == "100-continue";
  return RequestHead{std::move(request), size, expects};
}

}  // namespace

core::Result<RequestHead, int> parseRequestHead(std::string_view text, std::size_t maxBody) {
  Poco::Net::HTTPRequest parsed;
  try {
    Poco::MemoryInputStream stream(text.data(), static_cast<std::streamsize>(text.size()));
    parsed.setFieldLimit(100);
    parsed.read(stream);
  } catch (const Poco::Exception&) {
    return Refusal{kBadRequest};
  }
  const auto version = versionOf(parsed.getVersion());
  if (!version || !isToken(parsed.getMethod()) || parsed.getURI().empty() || hasControlBytes(parsed.getURI()))
    return Refusal{kBadRequest};
  Request request;
  request.line = text.substr(0, text.find("\r\n"));
  request.method = parsed.getMethod();
  request.uri = parsed.getURI();
  request.version = *version;
  for (const auto& [name, value] : parsed) {
    if (!isToken(name)) return Refusal{kBadRequest};
    request.headers.emplace_back(name, value);
  }
  return frame(std::move(request), maxBody);
}

}  // namespace http
