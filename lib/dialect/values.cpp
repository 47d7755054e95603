// SPDX-License-Identifier: MIT
#include "lib/dialect/values.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstring>
#include <limits>
#include <optional>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/core/users.hpp"
#include "lib/dialect/possible.hpp"

namespace config {
namespace {

using core::Err;
using core::Error;

/// Python's int(text, base) for base 8 and 10; nullopt also for what does not fit.
std::optional<std::int64_t> pythonInt(std::string_view text, int base) {
  text = core::trim(text);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool prefixed = false;
  if (base == 8 && (text.starts_with("0o") || text.starts_with("0O"))) {
    text.remove_prefix(2);
    prefixed = true;
  }
  std::int64_t value = 0;
  bool afterDigit = prefixed;
  for (const char c : text) {
    if (c == '_' && afterDigit) {
      afterDigit = false;
      continue;
    }
    if (c < '0' || c >= '0' + base) return std::nullopt;
    if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, c - '0', &value))
      return std::nullopt;
    afterDigit = true;
  }
  if (text.empty() || text.back() == '_') return std::nullopt;
  return negative ? -value : value;
}

Err<Error> noInteger(std::string_view text) {
  return refused("invalid literal for int() with base 10: " + core::pythonRepr(text));
}

/// A number without a sign and with up to three decimals, in thousandths.
std::optional<std::int64_t> decimal(std::string_view text) {
  const auto dot = text.find('.');
  const auto whole = text.substr(0, dot);
  std::string decimals(dot == std::string_view::npos ? "" : text.substr(dot + 1));
  if (whole.empty() || whole.size() > 12 || decimals.size() > 3 || (dot != std::string_view::npos && decimals.empty()))
    return std::nullopt;
  decimals.resize(3, '0');
  const auto value = pythonInt(std::string(whole) + decimals, 10);
  return value && text.find_first_not_of("0123456789.") == std::string_view::npos ? value : std::nullopt;
}

enum class Truth { True, False, Neither };
Truth truthOf(std::string_view lowerCase) {
  for (const auto word : {"yes", "true", "on", "1"})
    if (lowerCase == word) return Truth::True;
  for (const auto word : {"no", "false", "off", "0"})
    if (lowerCase == word) return Truth::False;
  return Truth::Neither;
}

std::optional<int> signalByName(std::string_view name) {
  for (int number = 1; number < 32; ++number)
    if (const char* known = ::sigabbrev_np(number); known && name == known) return number;
  if (name == "CLD") return SIGCHLD;
  if (name == "IO" || name == "POLL") return SIGIO;
  if (name == "IOT") return SIGABRT;
  if (name == "RTMIN") return SIGRTMIN;
  if (name == "RTMAX") return SIGRTMAX;
  return std::nullopt;
}

}  // namespace

core::Expected<bool> parseBoolean(std::string_view text) {
  const auto truth = truthOf(core::lower(text));
  if (truth == Truth::Neither) return refused("not a valid boolean value: " + core::pythonRepr(text));
  return truth == Truth::True;
}

core::Expected<AutoStart> parseAutoStart(std::string_view text) {
  if (core::lower(text) == "last") return AutoStart::Last;
  if (core::lower(text) == "ondemand") return AutoStart::OnDemand;
  const auto flag = parseBoolean(text);
  if (!flag) return refused(flag.error().text + " (autostart is true, false, last or ondemand)");
  return *flag ? AutoStart::Always : AutoStart::Never;
}

core::Expected<int> parseInteger(std::string_view text) {
  const auto value = pythonInt(text, 10);
  if (!value) return noInteger(text);
  if (*value > std::numeric_limits<int>::max() || *value < std::numeric_limits<int>::min())
    return refused(fmt::format("{} does not fit into 32 bits", *value));
  return static_cast<int>(*value);
}

core::Expected<std::int64_t> parseByteSize(std::string_view text) {
  std::string rest = core::lower(text);
  std::int64_t unit = 1;
  if (rest.ends_with("kb")) unit = 1024;
  if (rest.ends_with("mb")) unit = 1024 * 1024;
  if (rest.ends_with("gb")) unit = 1024 * 1024 * 1024;
  if (unit > 1) rest.resize(rest.size() - 2);
  auto value = pythonInt(rest, 10);
  if (!value) return noInteger(rest);
  if (__builtin_mul_overflow(*value, unit, &*value)) return refused(fmt::format("{} does not fit into 64 bits", text));
  return *value;
}

core::Expected<mode_t> parseOctal(std::string_view text) {
  const auto value = pythonInt(text, 8);
  if (!value || *value < 0 || *value > 0777777)
    return refused(std::string(text) + " can not be converted to an octal type");
  return static_cast<mode_t>(*value);
}

core::Expected<core::milliseconds> parseDuration(std::string_view text) {
  static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"", 1000}};
  const auto trimmed = core::trim(text);
  const auto number = trimmed.substr(0, trimmed.find_first_not_of("0123456789."));
  const auto thousandths = decimal(number);
  for (const auto& [unit, milliseconds] : kUnits) {
    std::int64_t amount = 0;
    if (unit != core::trim(trimmed.substr(number.size())) || !thousandths) continue;
    if (__builtin_mul_overflow(*thousandths, milliseconds, &amount) || amount / 1000 > kLongestDuration.count()) break;
    return core::milliseconds(amount / 1000);
  }
  return refused("not a valid duration: " + core::pythonRepr(text) +
                 ", it is a number of seconds, or one with a unit (" + "500ms, 2s, 5m, 1h, 2d)");
}

core::Expected<int> parseFactor(std::string_view text) {
  const auto thousandths = decimal(core::trim(text));
  if (!thousandths || *thousandths < 1000 || *thousandths > kGreatestFactor)
    return refused("not a valid factor: " + core::pythonRepr(text) + ", it is a number from 1 to 1000");
  return static_cast<int>(*thousandths);
}

core::Expected<int> parseOomScore(std::string_view text) {
  const auto value = pythonInt(text, 10);
  if (!value || *value < -1000 || *value > 1000)
    return refused("not a valid oom_score_adj value: " + core::pythonRepr(text) +
                   ", it is a number from -1000 to 1000");
  return static_cast<int>(*value);
}

core::Expected<logging::Level> parseLogLevel(std::string_view text) {
  using logging::Level;
  static constexpr std::pair<std::string_view, Level> kLevels[] = {
      {"critical", Level::Critical}, {"error", Level::Error}, {"warn", Level::Warn},      {"info", Level::Info},
      {"debug", Level::Debug},       {"trace", Level::Trace}, {"blather", Level::Blather}};
  const std::string name = core::lower(text);
  for (const auto& [known, level] : kLevels)
    if (name == known) return level;
  return refused("bad logging level name " + core::pythonRepr(text));
}

bool isPossibleSignal(int number) noexcept { return number >= 0 && number <= SIGRTMAX; }

core::Expected<int> parseSignal(std::string_view text) {
  if (const auto value = pythonInt(text, 10)) {
    const bool known = *value >= 0 && (*value < 32 || *value == SIGRTMIN || *value == SIGRTMAX);
    if (!known) return refused("value " + core::pythonRepr(text) + " is not a valid signal number");
    return static_cast<int>(*value);
  }
  std::string name = core::upper(core::trim(text));
  if (name.starts_with("SIG")) name.erase(0, 3);
  const auto found = signalByName(name);
  if (!found) return refused("value " + core::pythonRepr(text) + " is not a valid signal name");
  return *found;
}

core::Expected<std::vector<int>> parseExitCodes(std::string_view text) {
  std::vector<int> codes;
  if (text.empty()) return codes;
  for (const auto& piece : core::split(text, ',')) {
    const auto code = pythonInt(piece, 10);
    if (!code || *code < 0 || *code > 255) return refused("not a valid list of exit codes: " + core::pythonRepr(text));
    codes.push_back(static_cast<int>(*code));
  }
  return codes;
}

core::Expected<Backpressure> parseBackpressure(std::string_view text) {
  const std::string value = core::lower(text);
  if (value == "block") return Backpressure::Block;
  if (value == "drop") return Backpressure::Drop;
  return refused("not a valid log_backpressure value: " + core::pythonRepr(text) + ", it is block or drop");
}

core::Expected<AutoRestart> parseAutoRestart(std::string_view text) {
  const std::string value = core::lower(text);
  if (value == "unexpected") return AutoRestart::Unexpected;
  switch (truthOf(value)) {
    case Truth::True: return AutoRestart::Always;
    case Truth::False: return AutoRestart::Never;
    case Truth::Neither: break;
  }
  return refused("invalid 'autorestart' value " + core::pythonRepr(value));
}

std::vector<std::string> parseStrings(std::string_view text) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  for (const auto& piece : core::split(text, ',')) out.emplace_back(core::trim(piece));
  return out;
}

core::Expected<uid_t> parseUser(std::string_view text) {
  if (const auto id = pythonInt(text, 10)) {
    if (*id >= 0 && *id < std::numeric_limits<uid_t>::max() && core::findAccount(static_cast<uid_t>(*id)))
      return static_cast<uid_t>(*id);
    return refused("Invalid user id " + std::string(text));
  }
  const auto account = core::findAccount(std::string(text));
  if (!account) return refused("Invalid user name " + std::string(text));
  return account->uid;
}

core::Expected<gid_t> parseGroup(std::string_view text) {
  if (const auto id = pythonInt(text, 10)) {
    if (*id >= 0 && *id < std::numeric_limits<gid_t>::max() && core::groupName(static_cast<gid_t>(*id)))
      return static_cast<gid_t>(*id);
    return refused("Invalid group id " + std::string(text));
  }
  const auto gid = core::findGroup(std::string(text));
  if (!gid) return refused("Invalid group name " + std::string(text));
  return *gid;
}

core::Expected<std::pair<uid_t, gid_t>> parseOwner(std::string_view text) {
  const auto colon = text.find(':');
  const auto uid = parseUser(text.substr(0, colon));
  if (!uid) return Err{uid.error()};
  if (colon == std::string_view::npos) return std::pair(*uid, static_cast<gid_t>(-1));
  const auto gid = parseGroup(text.substr(colon + 1));
  if (!gid) return Err{gid.error()};
  return std::pair(*uid, *gid);
}

core::Expected<std::string> parseDirectory(std::string_view text, const DirectoryTest& isDirectory) {
  auto path = core::expandHome(text);
  if (!isDirectory(path)) return refused(std::string(text) + " is not an existing directory");
  return path;
}

core::Expected<std::string> parseDirectory(std::string_view text) { return parseDirectory(text, core::isDirectory); }

core::Expected<std::string> parseFilePath(std::string_view text, const DirectoryTest& isDirectory) {
  auto path = core::expandHome(text);
  const auto directory = core::directoryOf(path);
  if (!directory.empty() && !isDirectory(directory))
    return refused("The directory named as part of the path " + std::string(text) + " does not exist");
  return path;
}

core::Expected<std::string> parseFilePath(std::string_view text) { return parseFilePath(text, core::isDirectory); }

core::Expected<std::string> parseName(std::string_view text) {
  const auto name = core::trim(text);
  for (const std::string_view character : {" ", ":", "/"})
    if (name.find(character) != std::string_view::npos)
      return refused("Invalid name: " + core::pythonRepr(text) +
                     " because of character: " + core::pythonRepr(character));
  return std::string(name);
}

core::Expected<int> parsePort(std::string_view text) {
  const auto port = pythonInt(text, 10);
  if (!port) return noInteger(text);
  if (*port < 1) return refused(fmt::format("{} is below lower bound (1)", *port));
  if (*port > 65535) return refused(fmt::format("{} is above upper bound (65535)", *port));
  return static_cast<int>(*port);
}

core::Expected<InetAddress> parseInetAddress(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    const auto port = parsePort(text);
    if (!port) return refused("not a valid port number: " + core::pythonRepr(text) + " ");
    return InetAddress{"", *port};
  }
  const auto portText = text.substr(colon + 1);
  if (portText.empty()) return refused("no port number specified in ''");
  const auto port = parsePort(portText);
  if (!port) return Err{port.error()};
  std::string host = core::lower(text.substr(0, colon));
  if (host == "*") host.clear();
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return InetAddress{std::move(host), *port};
}

core::Expected<std::vector<std::string>> parseHostNames(std::string_view text) {
  auto names = parseStrings(text);
  for (const auto& name : names)
    if (name.empty() || name.find_first_of("/:*@[] \t") != std::string::npos)
      return refused("not a host name: " + core::pythonRepr(name) + " (write names as a.example.org, b.example.org)");
  return names;
}

}  // namespace config
