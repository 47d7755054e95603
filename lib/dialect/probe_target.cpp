// SPDX-License-Identifier: MIT
#include "lib/dialect/probe_target.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/core/shell_words.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

using TargetKind = ProbeTarget::Kind;

constexpr std::size_t kLongestUrl = 2000;
constexpr std::array<std::pair<std::string_view, TargetKind>, 4> kWords{
    {{"tcp:", TargetKind::Tcp}, {"unix:", TargetKind::Unix}, {"http:", TargetKind::Http}, {"exec:", TargetKind::Exec}}};

bool isAddress(const std::string& host) noexcept {
  in6_addr any{};
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

core::Status takeHost(std::string_view text, ProbeTarget& target) {
  auto address = parseInetAddress(text);
  if (!address) return core::Err{std::move(address).error()};
  target.host = address->host.empty() ? "localhost" : std::move(address->host);
  target.port = address->port;
  if (target.host == "localhost" || isAddress(target.host)) return {};
  return refused(fmt::format("{} is neither an address nor localhost (write an address as 127.0.0.1 or [::1])",
                             core::pythonRepr(target.host)));
}

core::Status takePath(std::string_view text, ProbeTarget& target) {
  if (text.size() < 2 || (text[0] != '/' && text[0] != '@'))
    return refused(core::pythonRepr(text) + " is not the absolute path of a Unix socket, or @ and an abstract name");
  if (text.size() >= sizeof(sockaddr_un::sun_path))
    return refused(fmt::format("a path of a Unix socket has at most {} bytes", sizeof(sockaddr_un::sun_path) - 1));
  target.place = text;
  return {};
}

/// "204" or "200-299".
core::Status takeStatus(std::string_view text, ProbeTarget& target) {
  const auto dash = text.find('-');
  const auto least = core::parseInteger(text.substr(0, dash));
  const auto greatest = dash == std::string_view::npos ? least : core::parseInteger(text.substr(dash + 1));
  if (!least || !greatest || *least < 100 || *greatest > 599 || *least > *greatest)
    return refused(core::pythonRepr(text) + " is not an HTTP status, such as 204 or 200-299");
  target.leastStatus = static_cast<int>(*least);
  target.greatestStatus = static_cast<int>(*greatest);
  return {};
}

/// What follows "http:".
core::Status takeUrl(std::string_view text, ProbeTarget& target) {
  target.greatestStatus = 399;
  const auto words = core::splitBlanks(text);
  if (words.empty() || words.size() > 2) return refused("'http:' is followed by a URL and at most one status");
  std::string_view url = words[0];
  if (url.starts_with("https:")) return refused("https is not supported (use exec: with a client such as curl)");
  if (url.starts_with("http:")) url.remove_prefix(5);
  if (!url.starts_with("//") || url.size() > kLongestUrl || !core::isPlainAscii(url))
    return refused(core::pythonRepr(url) + " is not a URL, such as http://127.0.0.1:8080/health");
  url.remove_prefix(2);
  const auto slash = std::min(url.find_first_of("/?#"), url.size());
  const auto host = url.substr(0, slash);
  if (host.find('@') != std::string_view::npos) return refused("a URL with a user name is not supported");
  target.place = url.substr(slash, url.find('#') - slash);
  if (!target.place.starts_with('/')) target.place.insert(0, "/");
  const bool hasPort = host.rfind(':') != std::string_view::npos && !host.ends_with(']');
  auto taken = takeHost(hasPort ? std::string(host) : std::string(host) + ":80", target);
  if (taken && words.size() == 2) taken = takeStatus(words[1], target);
  return taken;
}

core::Status takeCommand(std::string_view text, ProbeTarget& target) {
  const auto words = core::splitWords(text);
  if (!words) return core::Err{words.error()};
  if (words->empty()) return refused("'exec:' is not followed by a command");
  target.place = text;
  return {};
}

TargetKind targetKindOf(std::string_view& text) noexcept {
  for (const auto& [word, kind] : kWords) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    return kind;
  }
  return TargetKind::None;
}

}  // namespace

bool isProbeTarget(std::string_view text) noexcept {
  text = core::trim(text);
  return targetKindOf(text) != TargetKind::None || text.starts_with("https:");
}

core::Expected<ProbeTarget> parseProbeTarget(std::string_view text) {
  text = core::trim(text);
  auto rest = text;
  ProbeTarget target;
  target.kind = targetKindOf(rest);
  rest = core::trim(rest);
  core::Status taken;
  switch (target.kind) {
    case TargetKind::Tcp: taken = takeHost(rest, target); break;
    case TargetKind::Unix: taken = takePath(rest, target); break;
    case TargetKind::Http: taken = takeUrl(rest, target); break;
    case TargetKind::Exec: taken = takeCommand(rest, target); break;
    case TargetKind::None:
      if (text.starts_with("https:")) return refused("https is not supported (use exec: with a client such as curl)");
      return refused(core::pythonRepr(text) +
                     " is not a probe: tcp:[HOST:]PORT, unix:PATH, http://HOST[:PORT]/PATH or exec:COMMAND");
  }
  if (!taken) return core::Err{taken.error()};
  return target;
}

bool isPossible(const ProbeTarget& target) noexcept {
  return (target.kind != TargetKind::Tcp && target.kind != TargetKind::Http) || isPossiblePort(target.port);
}

std::string authorityOf(const ProbeTarget& target) {
  const bool v6 = target.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", target.host, v6 ? "]" : "", target.port);
}

std::string toText(const ProbeTarget& target) {
  switch (target.kind) {
    case TargetKind::Tcp: return "tcp:" + authorityOf(target);
    case TargetKind::Unix: return "unix:" + target.place;
    case TargetKind::Http: return "http://" + authorityOf(target) + target.place;
    case TargetKind::Exec: return "exec:" + target.place;
    case TargetKind::None: break;
  }
  return "";
}

}  // namespace config
