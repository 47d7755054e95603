// SPDX-License-Identifier: MIT
#include "lib/core/connections.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <vector>

#include "lib/core/unique_fd.hpp"

namespace {

using core::UniqueFd;

std::string fileText(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A listening socket of this family at an address of its own, and clients of it.
struct Server {
  UniqueFd listening;
  sockaddr_storage name{};
  socklen_t size = sizeof name;

  explicit Server(int family) : listening(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (family == AF_INET) {
      auto& inet = reinterpret_cast<sockaddr_in&>(name);
      inet.sin_family = AF_INET;
      inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      size = sizeof inet;
    } else if (family == AF_INET6) {
      auto& inet = reinterpret_cast<sockaddr_in6&>(name);
      inet.sin6_family = AF_INET6;
      inet.sin6_addr = in6addr_loopback;
      size = sizeof inet;
    } else {
      auto& local = reinterpret_cast<sockaddr_un&>(name);
      local.sun_family = AF_UNIX;
      const auto path = "/tmp/sm-connections-" + std::to_string(::getpid());
      path.copy(local.sun_path, sizeof local.sun_path - 1);
      size = sizeof local;
    }
    bound = ::bind(listening.get(), address(), size) == 0 && ::listen(listening.get(), 8) == 0;
    if (family == AF_UNIX) return;
    size = sizeof name;
    ::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&name), &size);
  }
  ~Server() {
    if (name.ss_family == AF_UNIX) ::unlink(reinterpret_cast<sockaddr_un&>(name).sun_path);
  }
  [[nodiscard]] const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&name); }
  [[nodiscard]] UniqueFd client() const {
    UniqueFd fd(::socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(fd.get(), address(), size) == 0);
    return fd;
  }
  bool bound = false;
};

}  // namespace

TEST_CASE("connections are counted until their process closes them") {
  for (const int family : {AF_INET, AF_INET6, AF_UNIX}) {
    const Server server(family);
    CAPTURE(family);
    if (!server.bound && family == AF_INET6) continue;  // a system without IPv6
    REQUIRE(server.bound);
    const Server other(AF_INET);
    const auto elsewhere = other.client();
    const auto address = core::localAddressOf(server.listening.get());
    REQUIRE(address);
    const auto* const table = family == AF_UNIX   ? "/proc/net/unix"
                              : family == AF_INET ? "/proc/net/tcp"
                                                  : "/proc/net/tcp6";
    const auto count = [&] {
      const auto asked = core::countConnections(*address);
      REQUIRE(asked);
      CHECK(core::countInTable(fileText(table), *address) == *asked);
      return *asked;
    };
    CHECK(count() == 0);
    const std::size_t waiting = family == AF_UNIX ? 0 : 1;
    auto first = server.client();
    CHECK(count() == waiting);
    UniqueFd accepted(::accept4(server.listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const auto second = server.client();
    CHECK(count() == 1 + waiting);
    first.reset();
    CHECK(count() == 1 + waiting);
    accepted.reset();
    CHECK(count() == waiting);
  }
}

TEST_CASE("the tables of /proc/net") {
  const core::LocalAddress tcp{AF_INET, std::string("\x7f\0\0\1", 4), 8080};
  const std::string head =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
  const auto row = [](const char* local, const char* state, const char* inode) {
    return std::string("   0: ") + local + " 0100007F:D2F0 " + state +
           " 00000000:00000000 00:00000000 00000000     0        0 " + inode + " 1 0000000000000000 100 0 0 10 0\n";
  };
  CHECK(core::countInTable(head, tcp) == 0);
  CHECK(core::countInTable(head + row("0100007F:1F90", "0A", "5"), tcp) == 0);  // it listens
  CHECK(core::countInTable(head + row("0100007F:1F90", "01", "0"), tcp) == 1);
  CHECK(core::countInTable(head + row("0100007F:1F91", "01", "5"), tcp) == 0);
  CHECK(core::countInTable(head + row("0200007F:1F90", "01", "5"), tcp) == 0);
  CHECK(core::countInTable(head + row("0200007F:1F90", "01", "5"), {AF_INET, "", 8080}) == 1);
  CHECK(core::countInTable(head + row("0100007F:1F90", "05", "5"), tcp) == 1);  // only the peer has more to say
  CHECK(core::countInTable(head + row("0100007F:1F90", "05", "0"), tcp) == 0);  // of no process
  CHECK(core::countInTable("garbage\n\n0: x\n", tcp) == 0);
  const core::LocalAddress local{AF_UNIX, "/run/x", 0};
  CHECK(core::countInTable("0: 00000002 00000000 00010000 0001 01 100 /run/x\n"
                           "0: 00000003 00000000 00000000 0001 03 101 /run/x\n"
                           "0: 00000003 00000000 00000000 0001 03 102 /run/xy\n"
                           "0: 00000003 00000000 00000000 0001 03 103\n",
                           local) == 1);
}
