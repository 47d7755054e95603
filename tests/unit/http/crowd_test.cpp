// SPDX-License-Identifier: MIT
// Which connections are closed when descriptors, memory or the loop's time run out.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "instance/http/source.hpp"
#include "tests/unit/http/client.hpp"

namespace {

constexpr const char* kGet = "GET /echo HTTP/1.1\r\n\r\n";

/// Nothing to send, for ever.
struct Silence : http::Source {
  std::string more(std::size_t) override { return {}; }
};

struct Crowd {
  core::EventLoop loop;
  http::Server server;
  std::vector<http::Reply> pending;
  int served = 0;
  std::shared_ptr<http::Gate> gate;
  std::shared_ptr<http::Gate> other;
  std::vector<std::unique_ptr<test::Client>> strangers;

  explicit Crowd(http::Limits limits) : server(loop, limits), gate(server.addGate({})), other(server.addGate({})) {
    auto& router = server.router();
    router.addPrefix("/echo", [this](const http::Request& request, const http::Reply& reply) {
      ++served;
      reply.send(http::makeResponse("text/plain", "[" + request.body + "]"));
    });
    router.addPrefix("/later", [this](const http::Request&, const http::Reply& reply) { pending.push_back(reply); });
    router.addPrefix("/follow", [](const http::Request&, const http::Reply& reply) {
      reply.stream(http::makeResponse("text/plain", {}), std::make_unique<Silence>());
    });
    router.addPrefix("/large", [](const http::Request&, const http::Reply& reply) {
      reply.send(http::makeResponse("text/plain", std::string(3'000'000, 'x')));
    });
  }
  /// A client at `at` that has sent `data`, which the server has read.
  test::Client& stranger(const std::shared_ptr<http::Gate>& at, std::string_view data) {
    strangers.push_back(std::make_unique<test::Client>(loop, server, at));
    strangers.back()->send(data);
    for (int i = 0; i < 3; ++i) strangers.back()->turn();
    return *strangers.back();
  }
  bool gone(test::Client& client) {
    client.read();
    return client.closed();
  }
};

http::Limits seats(std::size_t count) {
  http::Limits limits;
  limits.connections = count;
  return limits;
}

}  // namespace

TEST_CASE("unfinished requests at one gate never fill the other") {
  Crowd c(seats(8));
  for (const char* data : {"", "GET /ec", "POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nx"}) {
    CAPTURE(std::string(data));
    for (int i = 0; i < 20; ++i) c.stranger(c.gate, data);
    CHECK(c.gate->connections == 6);
    test::Client owner(c.loop, c.server, c.other);
    CHECK(owner.ask(kGet, "[]").starts_with("HTTP/1.1 200"));
    test::Client newcomer(c.loop, c.server, c.gate);
    CHECK(newcomer.ask(kGet, "[]").starts_with("HTTP/1.1 200"));
  }
}

TEST_CASE("the closed connection is the oldest that is unfinished, idle, unfinished later, a follower, in this order") {
  Crowd c(seats(8));
  auto& follower = c.stranger(c.gate, "GET /follow HTTP/1.1\r\n\r\n");
  auto& waiting = c.stranger(c.gate, "GET /later HTTP/1.1\r\n\r\n");
  auto& asking = c.stranger(c.gate, std::string(kGet) + "GET /ec");
  auto& idle = c.stranger(c.gate, kGet);
  auto& half = c.stranger(c.gate, "GET /ec");
  auto& silent = c.stranger(c.gate, "");
  for (auto* next : {&half, &silent, &idle, &asking, &follower}) {
    CHECK_FALSE(c.gone(*next));
    auto& newcomer = c.stranger(c.gate, "GET /later HTTP/1.1\r\n\r\n");
    CHECK(c.gone(*next));
    CHECK_FALSE(c.gone(newcomer));
  }
  CHECK_FALSE(c.gone(waiting));
  CHECK(half.got().starts_with("HTTP/1.1 503 Server full"));
  // All others wait for an answer: only now a new connection is refused, with the reason.
  test::Client refused(c.loop, c.server, c.gate);
  CHECK(refused.receiveAll().starts_with("HTTP/1.1 503 Server full"));
  test::Client owner(c.loop, c.server, c.other);
  CHECK(owner.ask(kGet, "[]").starts_with("HTTP/1.1 200"));
}

TEST_CASE("with a password, only clients that have sent it are preferred") {
  Crowd c(seats(4));
  http::Gate asks;
  asks.authenticator = std::make_unique<http::Authenticator>("user", "pa:ss");
  const auto gate = c.server.addGate(std::move(asks));
  const std::string right = "Authorization: Basic dXNlcjpwYTpzcw==\r\n";
  auto& known = c.stranger(gate, "GET /echo HTTP/1.1\r\n" + right + "\r\n");
  for (int i = 0; i < 10; ++i) c.stranger(gate, kGet);  // answered with 401, and kept open
  for (int i = 0; i < 10; ++i) c.stranger(gate, "POST /echo HTTP/1.1\r\nContent-Length: 99\r\n\r\nx");
  CHECK(known.ask("GET /echo HTTP/1.1\r\n" + right + "\r\n", "[]").find("200 OK") != std::string::npos);
}

TEST_CASE("the bodies and answers of one gate have a common limit; the connection idle for longest is closed") {
  http::Limits limits;
  limits.held = 8'000'000;
  Crowd c(limits);
  auto& stuck = c.stranger(c.gate, "GET /large HTTP/1.1\r\n\r\n");
  CHECK(c.gate->held > 1'000'000);
  auto& second = c.stranger(c.gate, "GET /large HTTP/1.1\r\n\r\n");
  auto& owner = c.stranger(c.other, "GET /large HTTP/1.1\r\n\r\n");
  auto& third = c.stranger(c.gate, "GET /large HTTP/1.1\r\n\r\n");
  CHECK(c.gate->held <= limits.held);
  CHECK_FALSE(stuck.receiveAll().ends_with("x\r\n"));
  const std::string all(3'000'000, 'x');
  for (auto* client : {&second, &third, &owner}) CHECK(client->receiveUntil(all).ends_with(all));
  CHECK(c.gate->held == 0);
  CHECK(c.other->held == 0);
}

TEST_CASE("an idle connection keeps no memory of earlier requests") {
  Crowd c({});
  const std::string body(1'000'000, 'b');
  auto& client = c.stranger(c.gate, "POST /echo HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + body + "GET /ec");
  CHECK(client.receiveUntil(body + "]").ends_with("]"));
  CHECK(c.gate->held == 7);
}

TEST_CASE("a client that sends endlessly gets one turn like the others") {
  Crowd c({});
  auto& client = c.stranger(c.gate, "");
  client.setSendBuffer(4'000'000);
  client.send("POST /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n");
  CHECK(client.receiveUntil("</html>").starts_with("HTTP/1.1 413"));
  client.send(std::string(1'000'000, 'x'));
  if (client.unread() < 600'000) FAIL("the buffer holds too little to tell");
  client.turn();
  CHECK(client.unread() > 0);
  while (client.unread() > 0) client.turn();
}

TEST_CASE("between many requests of one client the others get their turns") {
  Crowd c({});
  auto& greedy = c.stranger(c.gate, "");
  auto& modest = c.stranger(c.gate, "");
  std::string many;
  for (int i = 0; i < 600; ++i) many += "GET /echo HTTP/1.1\r\n\r\n";
  greedy.send(many);  // is handled in one turn
  CHECK(c.served > 0);
  CHECK(c.served < 100);
  CHECK(modest.ask("GET /echo HTTP/1.1\r\n\r\n", "[]").starts_with("HTTP/1.1 200"));
  CHECK(c.served < 300);
  for (int i = 0; i < 1000 && c.served < 601; ++i) {
    greedy.turn();
    greedy.read();
  }
  CHECK(c.served == 601);
}
