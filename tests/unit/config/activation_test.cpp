// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "lib/dialect/activation.hpp"
#include "tests/unit/config/scratch.hpp"

namespace {

const std::string kWeb = "[socket:web]\nsocket=tcp://127.0.0.1:8080\n";

std::string sectionWith(const std::string& lines) { return "[program:a]\ncommand=a\n" + lines; }

}  // namespace

TEST_CASE("addresses of a socket") {
  struct Case {
    const char* text;
    const char* url;
    const char* host;
    int port;
    const char* path;
  };
  const Case cases[] = {
      {"tcp://127.0.0.1:80", "tcp://127.0.0.1:80", "127.0.0.1", 80, ""},
      {"tcp://localhost:80", "tcp://127.0.0.1:80", "127.0.0.1", 80, ""},
      {"tcp://*:80", "tcp://*:80", "", 80, ""},
      {"tcp://[0:0::1]:65535", "tcp://[::1]:65535", "::1", 65535, ""},
      {"udp://0.0.0.0:1", "udp://0.0.0.0:1", "0.0.0.0", 1, ""},
      {"unix:///run/x/../y.sock", "unix:///run/y.sock", "", 0, "/run/y.sock"},
  };
  for (const auto& one : cases) {
    const auto read = config::parseListenSockets(one.text);
    CAPTURE(one.text);
    REQUIRE(read);
    REQUIRE(read->size() == 1);
    CHECK(read->front().url == one.url);
    CHECK(read->front().host == one.host);
    CHECK(read->front().port == one.port);
    CHECK(read->front().path == one.path);
  }
  const auto several = config::parseListenSockets(" tcp://*:80,\n udp://*:80 ");
  REQUIRE(several);
  CHECK(several->size() == 2);
}

TEST_CASE("bad addresses of a socket") {
  const std::pair<std::string, const char*> cases[] = {
      {"", "it is empty: write tcp://HOST:PORT, udp://HOST:PORT or unix:///PATH"},
      {"8080", "'8080' is not tcp://HOST:PORT, udp://HOST:PORT or unix:///PATH"},
      {"http://localhost:80", "'http://localhost:80' is not tcp://HOST:PORT, udp://HOST:PORT or unix:///PATH"},
      {"tcp://80", "'tcp://80' has no host and port: write tcp://HOST:PORT"},
      {"tcp://:80", "'tcp://:80' has no host and port: write tcp://HOST:PORT"},
      {"tcp://example.org:80",
       "'example.org' is not *, localhost, an IPv4 address or an IPv6 address in brackets (names are not looked up)"},
      {"tcp://::1:80",
       "'::1' is not *, localhost, an IPv4 address or an IPv6 address in brackets (names are not looked up)"},
      {"tcp://*:http", "'http' is not a port"},
      {"tcp://*:", "'' is not a port"},
      {"tcp://*:0", "port 0 is below lower bound (1)"},
      {"udp://*:65536", "port 65536 is above upper bound (65535)"},
      {"unix://run/x", "'run/x' is not the absolute path of a file: write unix:///PATH"},
      {"unix:///run/", "'/run/' is not the absolute path of a file: write unix:///PATH"},
      {"unix://@x", "'unix://@x' has no file, so that any account could connect, or take the name: write unix:///PATH"},
      {"unix:///" + std::string(200, 'x'), nullptr},
      {"tcp://*:80,", "an address is empty (one comma too many)"},
      {"tcp://*:80, tcp://*:80", "tcp://*:80 is given twice"},
  };
  for (const auto& [text, why] : cases) {
    const auto read = config::parseListenSockets(text);
    CAPTURE(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().text == (why != nullptr ? why : "'/" + std::string(200, 'x') + "' has more than 107 bytes"));
  }
}

TEST_CASE("a program gets the sockets of its sections in order") {
  Scratch scratch;
  const auto read = scratch.load(
      "[socket:b]\nsocket=unix://%(here)s/b.sock, tcp://*:81\nsocket_mode=0660\nsocket_owner=0:0\nsocket_backlog=7\n" +
      kWeb + sectionWith("sockets=web, b\nautostart=ondemand\nidle_stop=5m\n"));
  REQUIRE_MESSAGE(read, (read ? "" : read.error().text));
  const auto& program = *read->groups.at(0)->processes.at(0);
  CHECK(program.autoStart);
  const auto& activation = program.extension->activation;
  CHECK(activation.onDemand);
  CHECK(activation.idleStop == std::chrono::minutes(5));
  REQUIRE(activation.sockets.size() == 3);
  CHECK(activation.sockets[0].name == "web");
  CHECK_FALSE(activation.sockets[0].backlog);
  CHECK(activation.sockets[1].name == "b");
  CHECK(activation.sockets[1].path.ends_with("/b.sock"));
  CHECK(activation.sockets[1].mode == mode_t(0660));
  CHECK(activation.sockets[1].owner == std::pair<uid_t, gid_t>(0, 0));
  CHECK(activation.sockets[1].backlog == 7);
  CHECK(activation.sockets[2].name == "b");
  CHECK_FALSE(activation.sockets[2].mode);
  CHECK(activation.sockets[2].backlog == 7);
  CHECK(read->warnings().empty());
}

TEST_CASE("each process can name a socket of its own") {
  Scratch scratch;
  const auto read = scratch.load("[socket:s0]\nsocket=tcp://*:80\n[socket:s1]\nsocket=tcp://*:81\n" +
                                 sectionWith("numprocs=2\nprocess_name=%(process_num)d\nsockets=s%(process_num)d\n"));
  REQUIRE(read);
  CHECK(read->groups.at(0)->processes.at(1)->extension->activation.sockets.at(0).port == 81);
}

TEST_CASE("a section that no program uses is a warning") {
  Scratch scratch;
  const auto read = scratch.load(kWeb + sectionWith(""));
  REQUIRE(read);
  REQUIRE(read->warnings().size() == 1);
  CHECK(
      read->warnings()[0].starts_with("No program has 'web' among its sockets: it is not opened, in section "
                                      "'socket:web' (file: '"));
}

TEST_CASE("mistakes with sockets are refused, with their places") {
  struct Case {
    std::string text;
    const char* reason;
    int line;
  };
  const Case cases[] = {
      {sectionWith("sockets=web\n"), "there is no section [socket:web] for key 'sockets' in section 'program:a'", 5},
      {sectionWith("sockets=\n"),
       "it is empty: write the names of [socket:x] sections for key 'sockets' in section 'program:a'", 5},
      {sectionWith("sockets=web, web\n") + kWeb, "'web' is named twice for key 'sockets' in section 'program:a'", 5},
      {sectionWith("autostart=ondemand\n"),
       "ondemand needs sockets: the program starts on a connection for key 'autostart' in section 'program:a'", 5},
      {sectionWith("sockets=web\nidle_stop=5\n") + kWeb,
       "it needs autostart=ondemand, which starts the program again for key 'idle_stop' in section 'program:a'", 6},
      {sectionWith("sockets=web\nidle_stop=99ms\n") + kWeb,
       "'99ms' is less than 100ms for key 'idle_stop' in section 'program:a'", 6},
      {sectionWith("sockets=dns\nautostart=ondemand\nidle_stop=5\n[socket:dns]\nsocket=udp://*:53\n"),
       "nobody is connected to a udp:// socket: whether it is used cannot be seen for key 'idle_stop' in section "
       "'program:a'",
       7},
      {sectionWith("sockets=web\nready=fd:3\n") + kWeb,
       "the descriptors 3 to 3 are sockets: take fd:4 for key 'ready' in section 'program:a'", 6},
      {"[socket:web]\n", "section [socket:web] has no socket value in section 'socket:web'", 3},
      {"[socket:a:b]\nsocket=tcp://*:80\n", "Invalid name: 'a:b' because of character: ':' in section 'socket:a:b'", 3},
      {"[socket:]\nsocket=tcp://*:80\n", "the socket has no name in section 'socket:'", 3},
      {"[socket:\xc3\xa4]\nsocket=tcp://*:80\n", nullptr, 3},
      {kWeb + "socket_mode=0700\n", "only a unix:// socket has one for key 'socket_mode' in section 'socket:web'", 5},
      {kWeb + "socket_owner=0\n", "only a unix:// socket has one for key 'socket_owner' in section 'socket:web'", 5},
      {kWeb + "socket_backlog=0\n", "0 is not from 1 to 65535 for key 'socket_backlog' in section 'socket:web'", 5},
      {"[socket:u]\nsocket=unix:///x\nsocket_mode=4755\n",
       "'4755' is not an octal mode up to 0777 for key 'socket_mode' in section 'socket:u'", 5},
      {kWeb + "[socket:x]\nsocket=tcp://localhost:8080\n",
       "tcp://127.0.0.1:8080 is the address of section 'socket:web', too for key 'socket' in section 'socket:x'", 6},
  };
  for (const auto& one : cases) {
    Scratch scratch;
    const auto why = scratch.refusal(one.text);
    CAPTURE(one.text);
    if (one.reason == nullptr)
      CHECK(why.find("only printable characters of ASCII are passed on") != std::string::npos);
    else
      CHECK(why == std::string(one.reason) + " (file: 'DIR/root.conf', line " + std::to_string(one.line) + ")");
  }
}
