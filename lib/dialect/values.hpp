// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/core/clock.hpp"
#include "lib/core/log.hpp"
#include "lib/core/result.hpp"
#include "lib/dialect/program.hpp"

/// The types of configuration values. Every error is only the reason, with Supervisor's text where it has one; the
/// caller adds key, section and place.
namespace config {

/// What a parser returns for a value that it does not take.
[[nodiscard]] inline core::Err<core::Error> refused(std::string reason) {
  return core::Err{core::Error{std::move(reason)}};
}

[[nodiscard]] core::Expected<bool> parseBoolean(std::string_view text);
/// As Python's int(): surrounding blanks, a sign and single underscores between digits are accepted.
[[nodiscard]] core::Expected<int> parseInteger(std::string_view text);
/// An integer with an optional suffix kb, mb or gb.
[[nodiscard]] core::Expected<std::int64_t> parseByteSize(std::string_view text);
/// "10", "1.5" (seconds), or with a unit: "500ms", "2s", "5m", "1h", "2d". At most 100 years.
[[nodiscard]] core::Expected<core::milliseconds> parseDuration(std::string_view text);
/// A factor of at least 1 with up to three decimals, in thousandths.
[[nodiscard]] core::Expected<int> parseFactor(std::string_view text);
[[nodiscard]] core::Expected<mode_t> parseOctal(std::string_view text);
/// -1000 to 1000.
[[nodiscard]] core::Expected<int> parseOomScore(std::string_view text);
[[nodiscard]] core::Expected<logging::Level> parseLogLevel(std::string_view text);
/// A number or a name with or without SIG, in any case.
[[nodiscard]] core::Expected<int> parseSignal(std::string_view text);
[[nodiscard]] core::Expected<std::vector<int>> parseExitCodes(std::string_view text);
/// "block" or "drop", in any case.
[[nodiscard]] core::Expected<Backpressure> parseBackpressure(std::string_view text);
/// A boolean, "last" or "ondemand", in any case.
[[nodiscard]] core::Expected<AutoStart> parseAutoStart(std::string_view text);
[[nodiscard]] core::Expected<AutoRestart> parseAutoRestart(std::string_view text);
/// Comma separated, trimmed; an empty text is an empty list.
[[nodiscard]] std::vector<std::string> parseStrings(std::string_view text);

/// An existing account by name or number.
[[nodiscard]] core::Expected<uid_t> parseUser(std::string_view text);
[[nodiscard]] core::Expected<gid_t> parseGroup(std::string_view text);
/// "user" or "user:group"; without a group, the gid is (gid_t)-1.
[[nodiscard]] core::Expected<std::pair<uid_t, gid_t>> parseOwner(std::string_view text);

/// Whether a path is a directory, or counts as one.
using DirectoryTest = std::function<bool(const std::string& path)>;
/// "~" expanded, must be a directory.
[[nodiscard]] core::Expected<std::string> parseDirectory(std::string_view text, const DirectoryTest& isDirectory);
[[nodiscard]] core::Expected<std::string> parseDirectory(std::string_view text);
/// "~" expanded, its directory must exist.
[[nodiscard]] core::Expected<std::string> parseFilePath(std::string_view text, const DirectoryTest& isDirectory);
[[nodiscard]] core::Expected<std::string> parseFilePath(std::string_view text);
/// The name of a process or group: trimmed, without ' ', ':' and '/'.
[[nodiscard]] core::Expected<std::string> parseName(std::string_view text);

struct InetAddress {
  std::string host;  ///< empty: every address; IPv6 without brackets
  int port = 0;
};
/// "port", ":port", "*:port", "host:port", "[ipv6]:port".
[[nodiscard]] core::Expected<InetAddress> parseInetAddress(std::string_view text);
/// Names of hosts, comma separated, each without scheme and port.
[[nodiscard]] core::Expected<std::vector<std::string>> parseHostNames(std::string_view text);
[[nodiscard]] core::Expected<int> parsePort(std::string_view text);

}  // namespace config
