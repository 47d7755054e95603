// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

enum class Version { Http10, Http11 };

/// One request as it was read. Header names are compared without regard to case.
struct Request {
  std::string line;    ///< "GET /x HTTP/1.1", for the log
  std::string method;  ///< as sent, upper case by custom
  std::string uri;     ///< path and query, undecoded; begins with '/'
  Version version = Version::Http11;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string peer;  ///< "host:port", "localhost:0" for a Unix socket
  std::string user;  ///< who has logged in; empty if no password is required

  /// The first header of that name, or an empty text.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
  /// How many headers have that name.
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
  /// The path without the query, undecoded.
  [[nodiscard]] std::string_view rawPath() const noexcept;
  /// The path, percent-decoded.
  [[nodiscard]] std::string path() const;
  /// What follows '?', undecoded.
  [[nodiscard]] std::string_view query() const noexcept;
  /// Whether the client keeps the connection open after this request.
  [[nodiscard]] bool keepAlive() const;
};

/// "%41+b" becomes "A+b"; with `plusIsBlank` (queries and forms) "A b". A broken escape stays as it is.
[[nodiscard]] std::string percentDecode(std::string_view text, bool plusIsBlank = false);
/// "a=1&b=2" (also ';'), decoded, in order. A name without '=' has an empty value. What follows
/// the first 1000 is left out.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parseForm(std::string_view text);
/// The parameter of that name of the form, or else of the query. The form is first, as in Supervisor. Of a name that is
/// repeated the last one in the form counts, the first one in the query.
[[nodiscard]] std::optional<std::string> parameter(const Request& request, std::string_view name);

}  // namespace http
