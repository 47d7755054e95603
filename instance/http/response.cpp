// SPDX-License-Identifier: MIT
#include "instance/http/response.hpp"

#include <Poco/Net/HTTPResponse.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>
#include <sstream>

#include "lib/core/text.hpp"

namespace http {
namespace {

using Status = Poco::Net::HTTPResponse::HTTPStatus;

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

std::string reasonOf(int status) { return Poco::Net::HTTPResponse::getReasonForStatus(static_cast<Status>(status)); }

std::string httpDate(std::time_t when) {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm t{};
  ::gmtime_r(&when, &t);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[static_cast<std::size_t>(t.tm_wday)], t.tm_mday,
                     months[static_cast<std::size_t>(t.tm_mon)], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

std::string composeHead(const Response& response, Version version, Framing framing, bool keepAlive) {
  using Message = Poco::Net::HTTPMessage;
  const bool modern = version == Version::Http11;
  Poco::Net::HTTPResponse head(modern ? Message::HTTP_1_1 : Message::HTTP_1_0, static_cast<Status>(response.status),
                               response.reason.empty() ? reasonOf(response.status) : oneLine(response.reason));
  head.add("Server", "Medusa/1.12");  // as Supervisor
  head.add("Date", currentDate());
  // Other sites must not load an answer, for example a log, as a script or a picture.
  head.add("X-Content-Type-Options", "nosniff");
  head.add("Cross-Origin-Resource-Policy", "same-origin");
  for (const auto& [name, value] : response.headers) head.add(name, oneLine(value));
  if (framing == Framing::Length) head.add("Content-Length", std::to_string(response.body.size()));
  if (framing == Framing::Chunked) head.add("Transfer-Encoding", "chunked");
  if (keepAlive && !modern) head.add("Connection", "Keep-Alive");
  std::ostringstream out;
  head.write(out);
  if (!out) throw std::bad_alloc();  // a stream swallows the exception, and holds half of a head
  return std::move(out).str();
}

}  // namespace http
