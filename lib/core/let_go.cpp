// SPDX-License-Identifier: MIT
#include "lib/core/let_go.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "lib/core/files.hpp"
#include "lib/core/socket_address.hpp"
#include "lib/core/text.hpp"

namespace core {
namespace {

/// Some 30,000 sockets.
constexpr std::size_t kMostTable = 4UL * 1024 * 1024;

/// Connected to itself it gets no datagram of anybody else, which also shows that it was given up: nobody else does
/// that. An address that is every address becomes that of the loopback.
void letGoOfDatagrams(int socket) noexcept {
  const int on = 1;
  const auto address = SocketAddress::ofSocket(socket);
  if (!address.valid() || address.family() == AF_UNIX) return;
  if (::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) return;
  (void)::connect(socket, address.get(), address.size);
}

/// The port of "0100007F:1F90".
std::uint16_t portOf(std::string_view place) noexcept {
  const auto digits = place.substr(place.find(':') + 1);
  std::uint16_t port = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), port, 16);
  return port;
}

}  // namespace

void letGo(int socket) noexcept {
  const int on = 1;
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return;
  if (type == SOCK_DGRAM) return letGoOfDatagrams(socket);
  // The address can be bound once more while copies of a socket that does not listen are open. A program may have
  // forbidden that.
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::shutdown(socket, SHUT_RD);
}

bool isLetGoInTable(std::string_view table, std::uint16_t port, uid_t uid) {
  const auto owner = std::to_string(uid);
  for (const auto& line : split(table, '\n')) {
    const auto words = splitBlanks(line);  // sl local remote st queues timer retransmits uid timeout inode
    if (words.size() < 10 || words[1].find(':') == std::string::npos || portOf(words[1]) != port) continue;
    if (words[1] != words[2] || words[7] != owner) return false;
  }
  return true;
}

bool isLetGo(std::uint16_t port) {
  const auto uid = ::geteuid();
  if (uid == 0) return false;
  for (const char* const path : {"/proc/net/udp", "/proc/net/udp6"}) {
    const auto table = readFile(path, kMostTable);
    if (!table && table.error().code == ENOENT) continue;  // no IPv6
    if (!table || !isLetGoInTable(*table, port, uid)) return false;
  }
  return true;
}

}  // namespace core
