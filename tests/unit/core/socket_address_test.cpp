// SPDX-License-Identifier: MIT
#include "lib/core/socket_address.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>

#include "lib/core/let_go.hpp"
#include "lib/core/unique_fd.hpp"

using core::SocketAddress;
using core::UniqueFd;

TEST_CASE("addresses of hosts") {
  struct Row {
    int family;
    const char* host;
    std::size_t bytes;
  };
  for (const auto& [family, host, bytes] :
       {Row{AF_INET, "127.0.0.1", 4}, Row{AF_INET, "", 4}, Row{AF_INET6, "::1", 16}, Row{AF_INET6, "", 16}}) {
    CAPTURE(host);
    const auto address = SocketAddress::ofHost(family, host, 8080);
    REQUIRE(address.valid());
    CHECK(address.family() == family);
    CHECK(address.port() == 8080);
    CHECK(address.hostBytes().size() == bytes);
    CHECK(address.path().empty());
  }
  CHECK(SocketAddress::ofHost(AF_INET, "127.0.0.1", 1).hostBytes() == std::string("\x7f\0\0\1", 4));
  for (const char* const host : {"::1", "localhost", "127.0.0.1 ", "[::1]"})
    CHECK_FALSE(SocketAddress::ofHost(AF_INET, host, 1).valid());
  CHECK_FALSE(SocketAddress::ofHost(AF_INET6, "127.0.0.1", 1).valid());
  CHECK_FALSE(SocketAddress::ofHost(AF_UNIX, "", 1).valid());
  CHECK(SocketAddress().family() == AF_UNSPEC);
}

TEST_CASE("addresses of paths") {
  const std::string longest(sizeof(sockaddr_un::sun_path) - 1, 'x');
  for (const auto& path : {std::string("/run/a b.sock"), longest}) {
    const auto address = SocketAddress::ofPath(path);
    REQUIRE(address.valid());
    CHECK(address.family() == AF_UNIX);
    CHECK(address.path() == path);
    CHECK(address.port() == 0);
    CHECK(address.hostBytes().empty());
  }
  CHECK_FALSE(SocketAddress::ofPath(longest + "x").valid());
  CHECK_FALSE(SocketAddress::ofPath("").valid());
}

TEST_CASE("the address of a socket") {
  const auto any = SocketAddress::ofHost(AF_INET, "127.0.0.1", 0);
  const UniqueFd inet(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), local(::socket(AF_UNIX, SOCK_STREAM, 0)),
      other(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(inet.get(), any.get(), any.size) == 0);
  const auto bound = SocketAddress::ofSocket(inet.get());
  CHECK(bound.hostBytes() == any.hostBytes());
  CHECK(bound.port() != 0);
  CHECK(SocketAddress::ofSocket(local.get()).family() == AF_UNIX);
  CHECK(SocketAddress::ofSocket(local.get()).path().empty());
  CHECK_FALSE(SocketAddress::ofSocket(other.get()).valid());
  CHECK(errno == EAFNOSUPPORT);
  CHECK_FALSE(SocketAddress::ofSocket(-1).valid());
  CHECK(errno == EBADF);
}

TEST_CASE("who has a port of datagrams has let it go") {
  const std::string head =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer "
      "drops\n";
  const auto line = [](const char* local, const char* remote, int uid) {
    return " 3460: " + std::string(local) + " " + remote + " 01 00000000:00000000 00:00000000 00000000  " +
           std::to_string(uid) + "        0 7451049 2 000000003c35a8cf 0\n";
  };
  const char *const ours = "0100007F:E1F3", *const elsewhere = "0200007F:E1F3", *const nobody = "00000000:0000",
                    *const another = "0100007F:E1F4", *const six = "00000000000000000000000001000000:E1F3";
  constexpr std::uint16_t port = 0xe1f3;
  CHECK(core::isLetGoInTable("", port, 1000));
  CHECK(core::isLetGoInTable(head, port, 1000));
  CHECK(core::isLetGoInTable(head + line(ours, ours, 1000), port, 1000));
  CHECK(core::isLetGoInTable(head + line(six, six, 1000), port, 1000));
  CHECK(core::isLetGoInTable(head + line(another, nobody, 0) + line(ours, ours, 1000), port, 1000));
  CHECK_FALSE(core::isLetGoInTable(head + line(ours, ours, 1001), port, 1000));
  CHECK_FALSE(core::isLetGoInTable(head + line(ours, nobody, 1000), port, 1000));
  CHECK_FALSE(core::isLetGoInTable(head + line(ours, elsewhere, 1000), port, 1000));
  CHECK_FALSE(core::isLetGoInTable(head + line(ours, ours, 1000) + line(elsewhere, nobody, 1000), port, 1000));
}

TEST_CASE("a socket that is let go") {
  const auto any = SocketAddress::ofHost(AF_INET, "127.0.0.1", 0);
  const UniqueFd datagrams(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
      stream(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(datagrams.get(), any.get(), any.size) == 0);
  REQUIRE(::bind(stream.get(), any.get(), any.size) == 0);
  REQUIRE(::listen(stream.get(), 1) == 0);
  for (const auto& fd : {std::cref(datagrams), std::cref(stream)}) core::letGo(fd.get().get());
  int listens = 1;
  socklen_t size = sizeof listens;
  REQUIRE(::getsockopt(stream.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0);
  CHECK(listens == 0);
  sockaddr_storage peer{};
  size = sizeof peer;
  CHECK(::getpeername(datagrams.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0);
  CHECK(core::isLetGo(SocketAddress::ofSocket(datagrams.get()).port()) == (::geteuid() != 0));
  core::letGo(-1);
}
