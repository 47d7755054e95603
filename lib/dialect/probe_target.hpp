// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lib/core/result.hpp"

namespace config {

/// What is asked whether a program works: a port, a socket, a page or a command. Health checks and readiness have one.
struct ProbeTarget {
  enum class Kind : std::uint8_t { None, Tcp, Unix, Http, Exec };
  Kind kind = Kind::None;
  int port = 0;            ///< Tcp, Http
  int leastStatus = 200;   ///< Http: the statuses from here ...
  int greatestStatus = 0;  ///< ... to here are good
  std::string host;        ///< Tcp, Http: an address, IPv6 without brackets; "localhost" is 127.0.0.1, or else ::1
  std::string place;       ///< Unix: the path, or '@' and an abstract name; Http: path and query; Exec: the command

  bool operator==(const ProbeTarget&) const = default;
};

/// "tcp:[HOST:]PORT", "unix:PATH", "http://HOST[:PORT][/PATH] [STATUS[-STATUS]]" (also "http:" in front of a URL), or
/// "exec:COMMAND". Other texts are refused. A host is an address or localhost: to look a name up may take long.
[[nodiscard]] core::Expected<ProbeTarget> parseProbeTarget(std::string_view text);
/// Whether `text` begins as a target does, so that parseProbeTarget() has the right message for it.
[[nodiscard]] bool isProbeTarget(std::string_view text) noexcept;

/// "HOST:PORT", IPv6 in brackets.
[[nodiscard]] std::string authorityOf(const ProbeTarget& target);
/// The target as messages name it: "tcp:127.0.0.1:80", "unix:/run/x", "http://127.0.0.1:80/health", "exec:/bin/check".
[[nodiscard]] std::string toText(const ProbeTarget& target);

}  // namespace config
