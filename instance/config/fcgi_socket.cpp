// SPDX-License-Identifier: MIT
#include "instance/config/fcgi_socket.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "lib/core/files.hpp"
#include "lib/core/text.hpp"
#include "lib/core/users.hpp"
#include "lib/dialect/programs.hpp"
#include "lib/dialect/section_reader.hpp"
#include "lib/dialect/values.hpp"

namespace config {
namespace {

/// Parses the address after "tcp://"; the error is the reason.
core::Expected<InetAddress> parseTcp(const std::string& socket) {
  const auto bad = [&] { return core::Err{core::Error{"Bad socket format " + socket}}; };
  const std::string_view rest = std::string_view(socket).substr(6);
  const auto colon = rest.rfind(':');  // the last one: an IPv6 address has several
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == rest.size()) return bad();
  const auto host = rest.substr(0, colon), port = rest.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (host.find_first_of(" \t\r\n") != std::string_view::npos) return bad();
  if (!bracketed && host.find(':') != std::string_view::npos) return bad();
  if (port.find_first_not_of("0123456789") != std::string_view::npos) return bad();
  const auto number = parsePort(port);
  if (!number) return core::Err{number.error()};
  return InetAddress{core::lower(bracketed ? host.substr(1, host.size() - 2) : host), *number};
}

void setUnix(SectionReader& in, const std::string& text, std::optional<uid_t> user, FcgiSocket& socket) {
  const std::string path = text.substr(7);
  if (!path.starts_with('/'))
    return in.fail("socket", "Unix socket path " + path + " is not an absolute path in [" + in.name() + "] socket");
  socket.path = core::absolutePath(path, "/");
  socket.url = "unix://" + socket.path;
  if (!socket.mode) socket.mode = 0700;
  // The program runs as another user, who could not use a socket of ours.
  if (socket.owner || !user || *user == ::getuid()) return;
  if (const auto account = core::findAccount(*user)) socket.owner = std::pair(*user, account->gid);
}

}  // namespace

// The order of the keys is Supervisor's: it decides which error is reported first.
FcgiSocket readFcgiSocket(SectionReader& in, const core::Names& names) {
  FcgiSocket socket;
  std::optional<uid_t> user;
  in.take("user", names, parseUser, user);
  in.take("socket_backlog", names, parseInteger, socket.backlog);
  if (socket.backlog && (*socket.backlog < 1 || *socket.backlog > 65535))
    in.fail("socket_backlog", fmt::format("Invalid socket_backlog value {}", *socket.backlog));
  in.take("socket_owner", names, parseOwner, socket.owner, "Invalid socket_owner value");
  in.take("socket_mode", names, parseOctal, socket.mode, "Invalid socket_mode value");

  core::Names withProgram(&names);
  withProgram.set("program_name", std::string(core::trim(nameBehindColon(in.name()))));
  const auto text = in.text("socket", withProgram);
  if (!in.ok()) return socket;
  if (!text || text->empty()) {
    in.fail("[" + in.name() + "] section requires a \"socket\" line");
  } else if (text->starts_with("unix://")) {
    setUnix(in, *text, user, socket);
  } else if (socket.owner || socket.mode) {
    in.fail("socket", "socket_owner and socket_mode params should only be used with a Unix domain socket in [" +
                          in.name() + "] socket");
  } else {
    auto address = text->starts_with("tcp://")
                       ? parseTcp(*text)
                       : core::Expected<InetAddress>(core::Err{core::Error{"Bad socket format " + *text}});
    if (!address) {
      in.fail("socket", address.error().text + " in [" + in.name() + "] socket");
    } else {
      socket.host = address->host;
      socket.port = address->port;
      const bool six = socket.host.find(':') != std::string::npos;
      socket.url = fmt::format(fmt::runtime(six ? "tcp://[{}]:{}" : "tcp://{}:{}"), socket.host, socket.port);
    }
  }
  return socket;
}

}  // namespace config
