// SPDX-License-Identifier: MIT
#include "instance/http/request.hpp"

#include <strings.h>

#include "lib/core/text.hpp"

namespace http {
namespace {

/// A parsed field takes thirty times the memory of its text: a request must not multiply its size.
constexpr std::size_t kMostFields = 1000;

int hexDigit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool sameName(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// Whether one of the Connection headers lists `word`.
bool wishes(const Request& request, std::string_view word) {
  for (const auto& [key, value] : request.headers) {
    if (!sameName(key, "Connection")) continue;
    for (const auto& item : core::split(value, ','))
      if (sameName(core::trim(item), word)) return true;
  }
  return false;
}

}  // namespace

std::string_view Request::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (sameName(key, name)) return value;
  return {};
}

std::size_t Request::count(std::string_view name) const noexcept {
  std::size_t found = 0;
  for (const auto& field : headers) found += sameName(field.first, name) ? 1 : 0;
  return found;
}

std::string_view Request::rawPath() const noexcept { return std::string_view(uri).substr(0, uri.find('?')); }

std::string Request::path() const { return percentDecode(rawPath()); }

std::string_view Request::query() const noexcept {
  const std::size_t mark = uri.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view(uri).substr(mark + 1);
}

bool Request::keepAlive() const {
  if (wishes(*this, "close")) return false;
  return version == Version::Http11 || wishes(*this, "keep-alive");
}

std::string percentDecode(std::string_view text, bool plusIsBlank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hexDigit(text[i + 1]) >= 0 && hexDigit(text[i + 2]) >= 0) {
      out += static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
      i += 2;
    } else {
      out += plusIsBlank && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> parseForm(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!text.empty() && fields.size() < kMostFields) {
    const std::size_t end = text.find_first_of("&;");  // ';' is the older separator
    const std::string_view field = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (field.empty()) continue;
    const std::size_t equals = field.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view{} : field.substr(equals + 1);
    fields.emplace_back(percentDecode(field.substr(0, equals), true), percentDecode(value, true));
  }
  return fields;
}

std::optional<std::string> parameter(const Request& request, std::string_view name) {
  std::optional<std::string> value;
  if (request.method == "POST")
    for (auto& [key, text] : parseForm(request.body))
      if (key == name) value = std::move(text);
  if (value) return value;
  for (auto& [key, text] : parseForm(request.query()))
    if (key == name) return std::move(text);
  return std::nullopt;
}

}  // namespace http
