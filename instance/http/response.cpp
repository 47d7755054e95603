// SPDX-License-Identifier: MIT
#include "instance/http/response.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lib/core/text.hpp"

namespace http {
namespace {

/// The statuses that this server sends.
struct Reason {
  int status;
  std::string_view text;
};
constexpr Reason kReasons[] = {
    {200, "OK"},
    {301, "Moved Permanently"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {411, "Length Required"},
    {413, "Request Entity Too Large"},
    {500, "Internal Server Error"},
    {503, "Service Unavailable"},
};

/// Cached: the text changes once a second, and answers are more frequent.
const std::string& currentDate() {
  static std::time_t second = 0;
  static std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != second || text.empty()) {
    text = httpDate(now);
    second = now;
  }
  return text;
}

/// A line end in a value would let a client add headers of its choice.
std::string oneLine(std::string value) {
  std::replace_if(
      value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  return value;
}

std::string escapeMarkup(std::string_view text) {
  std::string escaped = core::replaceAll(std::string(text), "&", "&amp;");
  return core::replaceAll(core::replaceAll(std::move(escaped), "<", "&lt;"), ">", "&gt;");
}

}  // namespace

Response makeResponse(std::string_view contentType, std::string body) {
  return Response{200, {{"Content-Type", std::string(contentType)}}, std::move(body)};
}

Response makeError(int status, std::string_view explanation) {
  const std::string reason = reasonOf(status);
  Response response{status, {{"Content-Type", "text/html"}}, {}};
  const std::string text =
      explanation.empty() ? fmt::format("The request was answered with status {}.", status) : escapeMarkup(explanation);
  response.body =
      fmt::format("<html><head><title>{0} {1}</title></head>\n<body><h1>{1}</h1>\n<p>{2}</p>\n</body></html>\n", status,
                  reason, text);
  return response;
}

Response makeUnauthorized() {
  Response response = makeError(
      401, "You are not logged in. Reload the page to log in with the user name and the password of this server.");
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"default\"");
  return response;
}

Response makeRedirect(std::string location) {
  Response response = makeError(301);
  response.headers.emplace_back("Location", std::move(location));
  return response;
}

std::string reasonOf(int status) {
  const auto* const found =
      std::find_if(std::begin(kReasons), std::end(kReasons), [&](const Reason& row) { return row.status == status; });
  return found == std::end(kReasons) ? "???" : std::string(found->text);
}

std::string httpDate(std::time_t when) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t{};
  ::gmtime_r(&when, &t);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[static_cast<std::size_t>(t.tm_wday)], t.tm_mday,
                     months[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

std::string composeHead(const Response& response, Version version, Framing framing, bool keepAlive) {
  const bool modern = version == Version::Http11;
  std::string head = modern ? "HTTP/1.1 " : "HTTP/1.0 ";
  const auto add = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  head.append(std::to_string(response.status)).append(" ");
  head.append(response.reason.empty() ? reasonOf(response.status) : oneLine(response.reason)).append("\r\n");
  add("Server", "Medusa/1.12");  // as Supervisor
  add("Date", currentDate());
  // Other sites must not load an answer, for example a log, as a script or a picture.
  add("X-Content-Type-Options", "nosniff");
  add("Cross-Origin-Resource-Policy", "same-origin");
  for (const auto& [name, value] : response.headers) add(name, oneLine(value));
  if (framing == Framing::Length) add("Content-Length", std::to_string(response.body.size()));
  if (framing == Framing::Chunked) add("Transfer-Encoding", "chunked");
  if (keepAlive && !modern) add("Connection", "Keep-Alive");
  return head += "\r\n";
}

}  // namespace http
