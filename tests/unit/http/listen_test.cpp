// SPDX-License-Identifier: MIT
#include "instance/http/listen_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "instance/http/gate.hpp"
#include "instance/http/handover.hpp"
#include "instance/http/server.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "lib/core/event_loop.hpp"

namespace {

struct Directory {
  Directory() {
    char name[] = "/tmp/listen-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Directory() { (void)!std::system(("rm -rf " + path).c_str()); }
  std::string path;
};

http::Address at(const std::string& path) {
  http::Address address;
  address.unixSocket = true;
  address.path = path;
  return address;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool connects(const std::string& path) {
  const core::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof to.sun_path - 1);
  return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
}

/// What a successor gets from a server with `socket`, which ends as at an execve: its file stays.
std::pair<std::vector<state::Server>, state::Incoming> handOver(http::ListenSocket socket) {
  core::EventLoop loop;
  http::Server server(loop);
  server.add(std::move(socket), {});
  state::State saved;
  state::Outgoing outgoing;
  server.save(saved, outgoing);
  state::Incoming incoming;
  for (const auto& [name, fd] : outgoing.all()) incoming.add(name, core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
  for (auto& one : server.release()) one.abandonFile();
  return {std::move(saved.servers), std::move(incoming)};
}

ino_t inode(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

TEST_CASE("a Unix socket has its mode from the first moment and is removed with its object") {
  Directory d;
  const std::string path = d.path + "/s";
  {
    auto address = at(path);
    address.mode = 0770;
    auto socket = http::openListenSocket(address);
    REQUIRE(socket.has_value());
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0770);
    CHECK(info.st_nlink == 1);
    CHECK_FALSE(exists(path + "." + std::to_string(::getpid())));
  }
  CHECK_FALSE(exists(path));
}

TEST_CASE("a socket in use is an error, a stale one is replaced, another file is kept") {
  Directory d;
  const std::string path = d.path + "/s";
  auto first = http::openListenSocket(at(path));
  REQUIRE(first.has_value());
  auto second = http::openListenSocket(at(path));
  REQUIRE(!second.has_value());
  CHECK(second.error().text.starts_with("Another program is already listening"));
  const ino_t stale = inode(path);
  first->abandonFile();
  { const auto dropped = std::move(*first); }
  REQUIRE(inode(path) == stale);
  auto third = http::openListenSocket(at(path));
  CHECK(third.has_value());
  CHECK(inode(path) != stale);

  const std::string file = d.path + "/precious";
  ::close(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  auto refused = http::openListenSocket(at(file));
  REQUIRE(!refused.has_value());
  CHECK(refused.error().text.find("is not a socket") != std::string::npos);
  CHECK(exists(file));
}

TEST_CASE("a socket's file is removed only if it is still ours") {
  Directory d;
  const std::string path = d.path + "/s";
  {
    auto socket = http::openListenSocket(at(path));
    REQUIRE(socket.has_value());
    ::unlink(path.c_str());
    ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  }
  CHECK(exists(path));
}

TEST_CASE("errors have Supervisor's text") {
  auto missing = http::openListenSocket(at("/nonexistent/s"));
  REQUIRE(!missing.has_value());
  CHECK(missing.error().text ==
        "Cannot open an HTTP server: socket.error reported errno.ENOENT (2): unix:///nonexistent/s: its directory does "
        "not exist");
  auto longPath = http::openListenSocket(at("/tmp/" + std::string(200, 'x')));
  REQUIRE(!longPath.has_value());
  CHECK(longPath.error().text.starts_with(
      "Cannot open an HTTP server: socket.error reported AF_UNIX path too long: unix:///"));
}

TEST_CASE("TCP on IPv4 and IPv6, and a port in use") {
  for (const char* host : {"127.0.0.1", "::1", ""}) {
    http::Address address;
    address.host = host;
    auto socket = http::openListenSocket(address);
    if (!socket && std::string(host) == "::1") continue;  // a machine without IPv6
    REQUIRE(socket.has_value());
    REQUIRE(socket->port() > 0);
    address.port = socket->port();
    auto taken = http::openListenSocket(address);
    REQUIRE(!taken.has_value());
    CHECK(taken.error().text.starts_with("Another program is already listening"));
  }
}

TEST_CASE("a restart keeps the sockets whose address stays") {
  Directory d;
  const http::Address a = at(d.path + "/a");
  const http::Address b = at(d.path + "/b");
  const http::Address c = at(d.path + "/c");
  const std::vector<http::Address> before{a, b};
  auto sockets = http::openListenSockets(before, {});
  REQUIRE(sockets.has_value());
  const int kept = (*sockets)[0].fd();
  const ino_t keptInode = inode(a.path);
  const std::vector<http::Address> after{c, a};
  auto again = http::openListenSockets(after, std::move(*sockets));
  REQUIRE(again.has_value());
  REQUIRE(again->size() == 2);
  CHECK((*again)[1].fd() == kept);
  CHECK(inode(a.path) == keptInode);
  CHECK_FALSE(exists(b.path));
  CHECK(exists(c.path));
}

TEST_CASE("a listening socket stays open, and its file goes with the last program") {
  Directory d;
  const std::vector<http::Address> addresses{at(d.path + "/s")};
  auto opened = http::openListenSocket(addresses[0]);
  REQUIRE(opened.has_value());
  auto [saved, incoming] = handOver(std::move(*opened));
  REQUIRE(saved.size() == 1);
  CHECK(saved[0].socket == "http.0");
  CHECK(connects(d.path + "/s"));  // between two programs: it waits in the queue
  {
    auto sockets = http::restoreSockets(addresses, saved, incoming);
    REQUIRE(sockets.has_value());
    CHECK((*sockets)[0].address() == addresses[0]);
    CHECK_FALSE(incoming.has("http.0"));
    CHECK(connects(d.path + "/s"));
  }
  CHECK_FALSE(exists(d.path + "/s"));
}

TEST_CASE("a file that another program has put in the place of ours is not removed") {
  Directory d;
  const std::vector<http::Address> addresses{at(d.path + "/s")};
  for (const bool abandoned : {false, true}) {
    auto opened = http::openListenSocket(addresses[0]);
    REQUIRE(opened.has_value());
    if (abandoned) opened->abandonFile();
    auto [saved, incoming] = handOver(std::move(*opened));
    if (!abandoned) {
      REQUIRE(::unlink((d.path + "/s").c_str()) == 0);
      core::UniqueFd(::open((d.path + "/s").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    }
    REQUIRE(http::restoreSockets(addresses, saved, incoming).has_value());
    CHECK(exists(d.path + "/s"));
    ::unlink((d.path + "/s").c_str());
  }
}

TEST_CASE("a socket that did not come is opened again; if that fails, the error names it") {
  Directory d;
  const std::vector<http::Address> addresses{at(d.path + "/s")};
  state::Incoming incoming;
  incoming.add("http.0", core::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  const std::vector<state::Server> saved{{"http.0", 0, 0, 0}, {"", 7, 0, 0}};
  const auto sockets = http::restoreSockets(addresses, saved, incoming);
  REQUIRE(sockets.has_value());
  CHECK(connects(d.path + "/s"));
  const auto again = http::restoreSockets(addresses, {}, incoming);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().text.find(d.path + "/s") != std::string::npos);
}
