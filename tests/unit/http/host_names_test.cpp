// SPDX-License-Identifier: MIT
#include "instance/http/host_names.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

namespace {

const http::HostNames& names() {
  static const http::HostNames one({"Tools.Example.org", "other."}, "");
  return one;
}

}  // namespace

TEST_CASE("names that no web site can own and configured names are allowed") {
  for (const char* host : {"", "127.0.0.1", "127.0.0.1:9001", "10.1.2.3:", "[::1]", "[::1]:9001", "[fe80::1]:1", "::1",
                           "localhost", "LocalHost:9001", "localhost.", "app.localhost:80", "tools.example.org",
                           "TOOLS.example.org.:9001", "other:1"}) {
    CAPTURE(std::string(host));
    CHECK(names().allows(host));
  }
  char own[256] = "";
  REQUIRE(::gethostname(own, sizeof own - 1) == 0);
  CHECK(names().allows(own));
  CHECK(names().allows(std::string(own) + ":9001"));
}

TEST_CASE("any other name is refused, also one that only resembles an allowed one") {
  for (const char* host : {"evil.example",
                           "evil.example:9001",
                           "127.0.0.1.evil.example",
                           "localhost.evil.example",
                           "evillocalhost",
                           "127.0.0.1:9001.evil.example",
                           "[::1].evil.example",
                           "[::1",
                           "[::1]x:1",
                           "[evil.example]",
                           "127.0.0.1@evil",
                           "evil.example#localhost",
                           "localhost,evil.example",
                           "localhost evil",
                           "tools.example.org.evil.example",
                           "x.tools.example.org",
                           ".",
                           ":9001",
                           "..localhost..",
                           "0x7f.1",
                           "127.1",
                           "2130706433",
                           "127.0.0.1..",
                           "localhost:evil",
                           "/run/s.sock"}) {
    CAPTURE(std::string(host));
    CHECK_FALSE(names().allows(host));
  }
}
