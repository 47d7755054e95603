// SPDX-License-Identifier: MIT
#include "daemon/entries/values.hpp"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <string_view>

#include "lib/core/text.hpp"

namespace entries {
namespace {

core::Err<std::string> bad(std::string reason) { return core::Err{std::move(reason)}; }

bool isAlnum(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool isHex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

/// Whether an INI reader gives `text` back as it was written: no line break, no inline comment.
bool survivesIni(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return false;
    if ((c == ';' || c == '#') && (i == 0 || core::isBlank(text[i - 1]))) return false;
  }
  return true;
}

bool isHostName(std::string_view host) noexcept {
  if (host.empty() || host.size() > 253) return false;
  return std::all_of(host.begin(), host.end(), [](char c) { return isAlnum(c) || c == '.' || c == '-' || c == '_'; });
}

bool isHost(const std::string& host) {
  if (host == "*") return true;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    in6_addr address{};
    return ::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &address) == 1;
  }
  // What looks like an IPv4 address must be one.
  if (!host.empty() && host.find_first_not_of("0123456789.") == std::string::npos) {
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
  }
  return isHostName(host);
}

}  // namespace

Parsed<bool> parseBoolean(const std::string& text) {
  const auto word = core::lower(text);
  if (word == "yes" || word == "true" || word == "on" || word == "1") return true;
  if (word == "no" || word == "false" || word == "off" || word == "0") return false;
  return bad(fmt::format("'{}' is neither yes nor no", text));
}

Parsed<std::int64_t> parseNumber(const std::string& text, std::int64_t least, std::int64_t most) {
  const auto number = core::parseInteger(text);
  if (!number || *number < least || *number > most)
    return bad(fmt::format("'{}' is not a whole number from {} to {}", text, least, most));
  return *number;
}

Parsed<std::uint64_t> parseAmount(const std::string& text) {
  if (const auto word = core::lower(text); word == "infinity" || word == "unlimited" || word == "max")
    return std::numeric_limits<std::uint64_t>::max();
  constexpr std::string_view units = "KMGT";
  std::string digits = text;
  unsigned shift = 0;
  if (digits.size() > 1 && core::upper(digits).back() == 'B') digits.pop_back();
  if (!digits.empty())
    if (const auto unit = units.find(core::upper(digits).back()); unit != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(unit) + 1);
      digits.pop_back();
    }
  const auto number = core::parseInteger(digits);
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) > (std::uint64_t{1} << 62 >> shift))
    return bad(fmt::format("'{}' is not an amount such as 512M, 2G or infinity", text));
  return static_cast<std::uint64_t>(*number) << shift;
}

Parsed<std::uint32_t> parseMode(const std::string& text) {
  if (text.empty() || text.size() > 4 || text.find_first_not_of("01234567") != std::string::npos)
    return bad(fmt::format("'{}' is not an octal mode such as 022", text));
  const auto mode = static_cast<std::uint32_t>(std::stoul(text, nullptr, 8));
  if (mode > 0777) return bad(fmt::format("'{}' is over 0777", text));
  return mode;
}

Parsed<std::string> parsePath(const std::string& text) {
  if (text.empty() || text.front() != '/') return bad(fmt::format("'{}' is not an absolute path", text));
  std::string path;
  for (const auto& part : core::split(text, '/')) {
    if (part.empty()) continue;
    if (part == "." || part == "..") return bad(fmt::format("'{}' has a '{}' in it", text, part));
    if (part.size() > 255) return bad(fmt::format("'{}' has a name of more than 255 bytes", text));
    path += '/' + part;
  }
  if (path.empty()) return bad("'/' cannot be used here");
  if (path.size() > 1000) return bad("the path is longer than 1000 bytes");
  for (const char c : path) {
    const auto u = static_cast<unsigned char>(c);
    if (u <= 0x20 || u == 0x7f || std::string_view("\"'`$%;#,*?[]{}\\|&<>()!").find(c) != std::string_view::npos)
      return bad(fmt::format("'{}' has a character in it that a configuration file would misread ('{}')", text,
                             u <= 0x20 || u == 0x7f ? "a blank or control character" : std::string(1, c)));
  }
  if (!core::isUtf8(path)) return bad("the path is not UTF-8");
  // One spelling of each path: conflicts are found by comparing texts, and /var/run is a link to /run.
  if (path == "/var/run" || path.starts_with("/var/run/")) path.erase(0, 4);
  return path;
}

Parsed<std::string> parseEndpoint(const std::string& text) {
  const auto colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : core::parseInteger(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535 || !isHost(text.substr(0, colon)))
    return bad(fmt::format("'{}' is not HOST:PORT (such as 127.0.0.1:9001, *:9001 or [::1]:9001)", text));
  return text;
}

Parsed<std::string> parsePassword(const std::string& text) {
  if (text.empty()) return bad("the password is empty; leave it out for an open interface");
  if (!survivesIni(text)) return bad("a password cannot hold control characters, nor ';' or '#' after a blank");
  constexpr std::pair<std::string_view, std::size_t> hashes[] = {{"{SHA}", 40}, {"{SHA256}", 64}, {"{SHA512}", 128}};
  for (const auto& [prefix, digits] : hashes)
    if (text.starts_with(prefix)) {
      const auto hash = std::string_view(text).substr(prefix.size());
      if (hash.size() != digits || !isHex(hash))
        return bad(fmt::format("after {} there must be {} hexadecimal digits", prefix, digits));
    }
  return text;
}

Parsed<std::string> parseUserName(const std::string& text) {
  if (text.empty() || !survivesIni(text) || text.find(':') != std::string::npos)
    return bad(fmt::format("'{}' cannot be a user name: no ':', no control characters, no comment", text));
  return text;
}

Parsed<std::string> parseHostNames(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& name : core::splitBlanks(core::replaceAll(text, ",", " "))) {
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
             c == '_';
    });
    if (!plain) return bad(fmt::format("'{}' is not the name of a host; write a.example.org, b.example.org", name));
    names.push_back(name);
  }
  if (names.empty()) return bad("names no host");
  return core::join(names, ",");
}

Parsed<std::vector<std::pair<std::string, std::string>>> parseEnvironment(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t i = 0;
  const auto skip = [&] {
    while (i < text.size() && (core::isBlank(text[i]) || text[i] == ',')) ++i;
  };
  for (skip(); i < text.size(); skip()) {
    const auto equals = text.find('=', i);
    if (equals == std::string::npos) return bad(fmt::format("'{}' has no '=' in it", text.substr(i)));
    const std::string key(core::trim(std::string_view(text).substr(i, equals - i)));
    if (key.empty() || !std::all_of(key.begin(), key.end(), [](char c) { return isAlnum(c) || c == '_'; }))
      return bad(fmt::format("'{}' is not a name of an environment variable", key));
    i = equals + 1;
    while (i < text.size() && core::isBlank(text[i])) ++i;
    const char quote = i < text.size() && (text[i] == '"' || text[i] == '\'') ? text[i] : ',';
    if (quote != ',') ++i;
    const auto end = text.find(quote, i);
    if (end == std::string::npos && quote != ',') return bad(fmt::format("the quoted value of {} has no end", key));
    std::string value = text.substr(i, end == std::string::npos ? end : end - i);
    out.emplace_back(key, quote == ',' ? std::string(core::trim(value)) : value);
    i = end == std::string::npos ? text.size() : end + 1;
  }
  return out;
}

Parsed<std::string> parseCpuMax(const std::string& text) {
  const auto wrong = [&] { return bad(fmt::format("'{}' is not a share such as 50%, or QUOTA PERIOD", text)); };
  if (text.size() > 1 && text.back() == '%') {
    const auto percent = core::parseInteger(text.substr(0, text.size() - 1));
    if (!percent || *percent < 1 || *percent > 1000000) return wrong();
    return fmt::format("{} 100000", *percent * 1000);
  }
  const auto words = core::splitBlanks(text);
  if (words.empty() || words.size() > 2) return wrong();
  const auto quota = core::parseInteger(words[0]);
  if (words[0] != "max" && (!quota || *quota < 1000)) return wrong();
  if (words.size() == 1) return words[0] + " 100000";
  const auto period = core::parseInteger(words[1]);
  if (!period || *period < 1000 || *period > 1000000) return wrong();
  return words[0] + ' ' + words[1];
}

bool isInstanceName(const std::string& name) noexcept {
  if (name.empty() || name.size() > 64 || !(isAlnum(name.front()) || name.front() == '_')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return isAlnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool isProgramName(const std::string& name) noexcept { return isInstanceName(name); }

}  // namespace entries
