// SPDX-License-Identifier: MIT
#include "instance/http/listen_socket.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <string>

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
