// SPDX-License-Identifier: MIT
#include "lib/dialect/activation.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/dialect/possible.hpp"
#include "lib/dialect/readiness.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

using ListenKind = ListenSocket::Kind;

/// Each takes a step of the start, and a descriptor for each process.
constexpr std::size_t kMostSockets = 32;
/// Asking more often would keep the processor busy.
constexpr core::milliseconds kShortestIdle{100};
constexpr std::string_view kForms = "tcp://HOST:PORT, udp://HOST:PORT or unix:///PATH";

/// The numeric form of a host of ours, which is empty for every address; nullopt: it is none.
std::optional<std::string> numericHost(std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> written{};
  if (text == "*") return std::string();
  if (core::lower(text) == "localhost") return "127.0.0.1";
  const bool six = text.size() > 2 && text.starts_with('[') && text.ends_with(']');
  const std::string host(six ? text.substr(1, text.size() - 2) : text);
  const int family = six ? AF_INET6 : AF_INET;
  if (::inet_pton(family, host.c_str(), bytes.data()) != 1) return std::nullopt;
  return std::string(::inet_ntop(family, bytes.data(), written.data(), written.size()));
}

core::Expected<ListenSocket> parseInetSocket(ListenKind kind, std::string_view scheme, std::string_view text) {
  const auto rest = text.substr(scheme.size());
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return refused(fmt::format("{} has no host and port: write {}HOST:PORT", core::pythonRepr(text), scheme));
  ListenSocket socket;
  socket.kind = kind;
  const auto host = numericHost(rest.substr(0, colon));
  if (!host)
    return refused(
        fmt::format("{} is not *, localhost, an IPv4 address or an IPv6 address in brackets (names are not "
                    "looked up)",
                    core::pythonRepr(rest.substr(0, colon))));
  const auto port = rest.substr(colon + 1);
  if (port.empty() || port.find_first_not_of("0123456789") != std::string_view::npos)
    return refused(core::pythonRepr(port) + " is not a port");
  const auto number = parsePort(port);
  if (!number) return refused("port " + number.error().text);
  socket.host = *host;
  socket.port = *number;
  const bool six = socket.host.find(':') != std::string::npos;
  const auto shown = socket.host.empty() ? "*" : six ? "[" + socket.host + "]" : socket.host;
  socket.url = fmt::format("{}{}:{}", scheme, shown, socket.port);
  return socket;
}

core::Expected<ListenSocket> parseUnixSocket(std::string_view scheme, std::string_view text) {
  const auto path = text.substr(scheme.size());
  if (path.starts_with('@'))
    return refused(core::pythonRepr(text) +
                   " has no file, so that any account could connect, or take the name: write unix:///PATH");
  if (!path.starts_with('/') || path.ends_with('/'))
    return refused(core::pythonRepr(path) + " is not the absolute path of a file: write unix:///PATH");
  ListenSocket socket;
  socket.kind = ListenKind::Unix;
  socket.path = core::absolutePath(path, "/");
  if (socket.path.size() >= sizeof(sockaddr_un::sun_path))
    return refused(fmt::format("{} has more than {} bytes", core::pythonRepr(path), sizeof(sockaddr_un::sun_path) - 1));
  socket.url = "unix://" + socket.path;
  return socket;
}

core::Expected<ListenSocket> parseListenSocket(std::string_view text) {
  if (text.starts_with("tcp://")) return parseInetSocket(ListenKind::Tcp, "tcp://", text);
  if (text.starts_with("udp://")) return parseInetSocket(ListenKind::Udp, "udp://", text);
  if (text.starts_with("unix://")) return parseUnixSocket("unix://", text);
  return refused(fmt::format("{} is not {}", core::pythonRepr(text), kForms));
}

core::Expected<int> parseBacklog(std::string_view text) {
  auto backlog = parseInteger(text);
  if (backlog && !isPossibleBacklog(*backlog)) return refused(fmt::format("{} is not from 1 to 65535", *backlog));
  return backlog;
}

constexpr bool isSocketMode(mode_t mode) noexcept { return (mode & ~0777U) == 0; }

core::Expected<mode_t> parseSocketMode(std::string_view text) {
  auto mode = parseOctal(text);
  if (mode && !isSocketMode(*mode)) return refused(core::pythonRepr(text) + " is not an octal mode up to 0777");
  return mode;
}

core::Expected<core::milliseconds> parseIdleStop(std::string_view text) {
  auto time = parseDuration(text);
  if (time && *time < kShortestIdle) return refused(core::pythonRepr(text) + " is less than 100ms");
  return time;
}

/// Why a name cannot be one of LISTEN_FDNAMES, which are separated by colons.
core::Expected<std::string> parseSocketName(std::string_view text) {
  auto name = parseName(text);
  if (!name) return name;
  if (name->empty()) return refused("the socket has no name");
  if (std::any_of(name->begin(), name->end(), [](char c) { return c <= ' ' || c > '~'; }))
    return refused("Invalid name: " + core::pythonRepr(text) + ": only printable characters of ASCII are passed on");
  return name;
}

std::string sectionOf(std::string_view name) { return "socket:" + std::string(name); }

/// Adds the sockets of one section.
void addSockets(SectionReader& in, const std::string& name, const SocketSections& sections, Activation& activation) {
  const auto* const section = in.document().find(sectionOf(name));
  if (section == nullptr && !sections.complete) return;
  if (section == nullptr)
    return in.fail("sockets", fmt::format("there is no section [{}]", sectionOf(name.empty() ? "NAME" : name)));
  SectionReader own(in.document(), *section, SectionKind::Socket);
  auto read = readSocketSection(own, sections.names);
  if (!own.ok()) return in.fail(own.refusal());
  activation.sockets.insert(activation.sockets.end(), read.begin(), read.end());
}

void checkActivation(SectionReader& in, bool named, const Readiness& readiness, const Activation& activation) {
  const auto& sockets = activation.sockets;
  if (activation.onDemand && !named)
    in.conflict("autostart", {}, "ondemand needs sockets: the program starts on a connection");
  if (sockets.size() > kMostSockets)
    in.fail("sockets", fmt::format("{} are more than {} sockets", sockets.size(), kMostSockets));
  const int end = kFirstDescriptor + static_cast<int>(sockets.size());
  if (readiness.kind == Readiness::Kind::Descriptor && readiness.descriptor < end)
    in.conflict("ready", {"sockets"},
                fmt::format("the descriptors {} to {} are sockets: take fd:{}", kFirstDescriptor, end - 1, end));
  if (activation.idleStop.count() == 0) return;
  if (!activation.onDemand)
    in.conflict("idle_stop", {"autostart"}, "it needs autostart=ondemand, which starts the program again");
  if (std::any_of(sockets.begin(), sockets.end(), [](const auto& one) { return one.kind == ListenKind::Udp; }))
    in.conflict("idle_stop", {"sockets"}, "nobody is connected to a udp:// socket: whether it is used cannot be seen");
}

}  // namespace

core::Expected<std::vector<ListenSocket>> parseListenSockets(std::string_view text) {
  std::vector<ListenSocket> sockets;
  for (const auto& piece : parseStrings(core::trim(text))) {
    if (piece.empty()) return refused("an address is empty (one comma too many)");
    auto socket = parseListenSocket(piece);
    if (!socket) return core::Err{std::move(socket).error()};
    if (std::any_of(sockets.begin(), sockets.end(), [&](const auto& other) { return other.url == socket->url; }))
      return refused(socket->url + " is given twice");
    sockets.push_back(std::move(*socket));
  }
  if (sockets.empty()) return refused("it is empty: write " + std::string(kForms));
  return sockets;
}

std::vector<ListenSocket> readSocketSection(SectionReader& in, const core::Names& names) {
  std::vector<ListenSocket> sockets;
  ListenSocket common;
  const auto name = parseSocketName(in.name().substr(in.name().find(':') + 1));
  if (!name) in.fail(name.error().text);
  if (in.ok() && !in.has("socket")) in.fail("section [" + in.name() + "] has no socket value");
  in.take("socket", names, parseListenSockets, sockets);
  in.take("socket_backlog", names, parseBacklog, common.backlog);
  in.take("socket_owner", names, parseOwner, common.owner);
  in.take("socket_mode", names, parseSocketMode, common.mode);
  const bool any = std::any_of(sockets.begin(), sockets.end(), [](const auto& one) { return !one.path.empty(); });
  for (const char* const key : {"socket_owner", "socket_mode"})
    if (in.ok() && !any && in.has(key)) in.fail(key, "only a unix:// socket has one");
  if (!in.ok()) return {};
  for (auto& socket : sockets) {
    socket.name = *name;
    if (socket.kind != ListenKind::Udp) socket.backlog = common.backlog;
    if (socket.kind != ListenKind::Unix) continue;
    socket.owner = common.owner;
    socket.mode = common.mode;
  }
  return sockets;
}

bool isPossible(const Activation& activation) noexcept {
  const auto& idle = activation.idleStop;
  if (!isPossible(idle) || (idle.count() > 0 && idle < kShortestIdle)) return false;
  return activation.sockets.size() <= kMostSockets &&
         std::all_of(activation.sockets.begin(), activation.sockets.end(), [](const auto& socket) {
           return (socket.kind == ListenKind::Unix || isPossiblePort(socket.port)) &&
                  (!socket.backlog || isPossibleBacklog(*socket.backlog)) &&
                  (!socket.mode || isSocketMode(*socket.mode));
         });
}

void readActivation(SectionReader& in, const core::Names& names, const SocketSections& sections,
                    const Readiness& readiness, Activation& activation) {
  std::vector<std::string> named;
  if (const auto text = in.text("sockets", names)) {
    named = parseStrings(core::trim(*text));
    if (named.empty()) in.fail("sockets", "it is empty: write the names of [socket:x] sections");
  }
  for (auto at = named.begin(); at != named.end() && in.ok(); ++at) {
    if (std::find(named.begin(), at, *at) != at)
      in.fail("sockets", core::pythonRepr(*at) + " is named twice");
    else
      addSockets(in, *at, sections, activation);
  }
  in.take("idle_stop", names, parseIdleStop, activation.idleStop);
  if (in.ok()) checkActivation(in, !named.empty(), readiness, activation);
}

}  // namespace config
