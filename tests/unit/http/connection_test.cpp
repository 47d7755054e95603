// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <optional>

#include "instance/http/source.hpp"
#include "tests/unit/http/client.hpp"

namespace {

using test::guarded;
using test::has;
using test::kRight;

struct Fixture {
  core::EventLoop loop;
  http::Server server;
  std::optional<http::Reply> pending;
  int calls = 0;

  std::shared_ptr<http::Gate> gate;

  explicit Fixture(http::Limits limits = {}) : server(loop, limits), gate(server.addGate({})) {
    server.router().addPrefix("/echo", [this](const http::Request& request, const http::Reply& reply) {
      ++calls;
      reply.send(http::makeResponse("text/plain", "[" + request.method + " " + request.body + "]"));
    });
    server.router().addPrefix("/later", [this](const http::Request&, const http::Reply& reply) { pending = reply; });
    server.router().addPrefix("/throw",
                              [](const http::Request&, const http::Reply&) { throw std::runtime_error("x"); });
    server.router().addPrefix("/forget", [](const http::Request&, const http::Reply&) {});
  }
};

const std::string kWrong = "Authorization: Basic dXNlcjpwYXNz\r\n";  // user:pass

}  // namespace

TEST_CASE("a persistent connection answers one request after the other") {
  Fixture f;
  test::Client client(f.loop, f.server, f.gate);
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", "[POST hi]");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\nServer: Medusa/1.12\r\nDate: "));
    CHECK(has(answer, "\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n[POST hi]"));
    CHECK_FALSE(has(answer, "Connection:"));
  }
}

TEST_CASE("HTTP/1.0 closes unless asked not to") {
  Fixture f;
  test::Client keeps(f.loop, f.server, f.gate);
  const auto kept = keeps.ask("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "[GET ]");
  CHECK(kept.starts_with("HTTP/1.0 200 OK"));
  CHECK(has(kept, "Connection: Keep-Alive"));
  CHECK_FALSE(keeps.closed());
  test::Client plain(f.loop, f.server, f.gate);
  plain.send("GET /echo HTTP/1.0\r\n\r\n");
  CHECK(has(plain.receiveAll(), "[GET ]"));
  test::Client modern(f.loop, f.server, f.gate);
  modern.send("GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n");
  CHECK(has(modern.receiveAll(), "[GET ]"));
  CHECK(f.server.connections() == 1);
}

TEST_CASE("requests may arrive in any pieces, and several together") {
  Fixture f;
  const std::string request = "\r\nPOST /echo HTTP/1.1\r\ncontent-length:3\r\n\r\nabc";
  test::Client slow(f.loop, f.server, f.gate);
  for (const char c : request) slow.send(std::string_view(&c, 1));
  CHECK(has(slow.receiveUntil("[POST abc]"), "[POST abc]"));
  test::Client eager(f.loop, f.server, f.gate);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "GET /echo HTTP/1.1\r\n\r\n";
  many += "GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n";
  f.calls = 0;
  eager.send(many);
  (void)eager.receiveAll();
  CHECK(f.calls == 2001);
}

TEST_CASE("a pending reply delays nobody else; the next request of its client waits") {
  Fixture f;
  test::Client waits(f.loop, f.server, f.gate);
  waits.send("GET /later HTTP/1.1\r\n\r\nGET /echo HTTP/1.1\r\n\r\n");
  waits.turn();
  test::Client other(f.loop, f.server, f.gate);
  CHECK(has(other.ask("GET /echo HTTP/1.1\r\n\r\n", "[GET ]"), "200 OK"));
  REQUIRE(f.pending.has_value());
  waits.read();
  CHECK(waits.got().empty());
  f.pending->send(http::makeResponse("text/plain", "now"));
  f.pending->send(http::makeResponse("text/plain", "never"));
  const auto both = waits.receiveUntil("[GET ]");
  CHECK(has(both, "now"));
  CHECK_FALSE(has(both, "never"));
  CHECK(both.find("now") < both.find("[GET ]"));
}

TEST_CASE("a pending reply to a client that has gone has no effect") {
  Fixture f;
  auto client = std::make_unique<test::Client>(f.loop, f.server, f.gate);
  client->send("GET /later HTTP/1.1\r\n\r\n");
  client->turn();
  REQUIRE(f.pending.has_value());
  CHECK(f.pending->pending());
  client->hangUp();
  client->turn();
  CHECK(f.server.connections() == 0);
  CHECK_FALSE(f.pending->pending());
  f.pending->send(http::makeResponse("text/plain", "x"));
}

TEST_CASE("a client that only stops sending still gets its answer") {
  Fixture f;
  test::Client client(f.loop, f.server, f.gate);
  client.send("GET /later HTTP/1.1\r\n\r\n");
  client.halfClose();
  for (int i = 0; i < 3; ++i) client.turn();
  REQUIRE(f.pending.has_value());
  f.pending->send(http::makeResponse("text/plain", "still"));
  CHECK(has(client.receiveAll(), "still"));
}

TEST_CASE("a client that stops sending during a long answer gets all of it") {
  Fixture f;
  const std::string body(5'000'000, 'x');
  f.server.router().addPrefix("/long", [&](const http::Request&, const http::Reply& reply) {
    reply.send(http::makeResponse("text/plain", body));
  });
  test::Client client(f.loop, f.server, f.gate);
  client.send("GET /long HTTP/1.1\r\n\r\n");
  for (int i = 0; i < 3; ++i) client.turn();
  client.halfClose();
  CHECK(client.receiveAll().ends_with("\r\n\r\n" + body));
  CHECK(f.server.connections() == 0);
}

TEST_CASE("a request is carried out although its client has disconnected") {
  Fixture f;
  test::Client client(f.loop, f.server, f.gate);
  client.send("");
  REQUIRE(f.calls == 0);
  client.send("GET /echo HTTP/1.1\r\n\r\n");
  client.hangUp();
  for (int i = 0; i < 5; ++i) client.turn();
  CHECK(f.calls == 1);
  CHECK(f.server.connections() == 0);
}

TEST_CASE("a handler that throws or forgets its reply gives status 500") {
  Fixture f;
  for (const char* path : {"/throw", "/forget"}) {
    test::Client client(f.loop, f.server, f.gate);
    const auto answer = client.ask("GET " + std::string(path) + " HTTP/1.1\r\n\r\n", "</html>");
    CHECK(answer.starts_with("HTTP/1.1 500 Internal Server Error"));
  }
}

TEST_CASE("bad requests are refused and the connection ends") {
  Fixture f;
  const auto refusal = [&f](const std::string& request) {
    test::Client client(f.loop, f.server, f.gate);
    client.send(request);
    client.halfClose();
    const auto answer = client.receiveAll();
    return answer.empty() ? 0 : std::stoi(answer.substr(9, 3));
  };
  CHECK(refusal("nonsense\r\n\r\n") == 400);
  CHECK(refusal("GET  HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal("GET /echo SPDY/3\r\n\r\n") == 400);
  CHECK(refusal("POST /echo HTTP/1.1\r\n\r\n") == 411);
  CHECK(refusal("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 411);
  CHECK(refusal("POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\nx") == 400);
  CHECK(refusal("POST /echo HTTP/1.1\r\nContent-Length: -5\r\n\r\n") == 400);
  CHECK(refusal("POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx") == 400);
  CHECK(refusal("POST /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n") == 413);
  CHECK(refusal("POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n") == 413);
  CHECK(refusal("GET /" + std::string(20000, 'x') + " HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal("GET /none HTTP/1.1\r\nConnection: close\r\n\r\n") == 404);
  CHECK(refusal("GET /echo HTTP/1.1\n\n") == 400);
  CHECK(refusal("GET /echo HTTP/1.1\nHost: x\n") == 400);
  CHECK(refusal("\nGET /echo HTTP/1.1\r\n\r\n") == 400);
  CHECK(refusal("\r\n\rGET /echo HTTP/1.1\r\n\r\n") == 400);
  CHECK(f.calls == 0);
  CHECK(f.server.connections() == 0);
}

TEST_CASE("a bare line feed is refused when it arrives, in any pieces") {
  Fixture f;
  test::Client client(f.loop, f.server, f.gate);
  for (const char c : std::string("GET /echo HTTP/1.1\r\nHost: x\n")) client.send(std::string_view(&c, 1));
  CHECK(client.receiveUntil("</html>").starts_with("HTTP/1.1 400"));
  test::Client sound(f.loop, f.server, f.gate);
  for (const char c : std::string("POST /echo HTTP/1.1\r\nContent-Length: 4\r\n\r\na\n\nb"))
    sound.send(std::string_view(&c, 1));
  CHECK(has(sound.receiveUntil("b]"), "[POST a\n\nb]"));
}

TEST_CASE("a refused client that keeps sending gets its answer first") {
  Fixture f;
  test::Client client(f.loop, f.server, f.gate);
  client.send("POST /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n");
  for (int i = 0; i < 20; ++i) client.send(std::string(10000, 'x'));
  CHECK(client.receiveUntil("</html>").starts_with("HTTP/1.1 413"));
  client.halfClose();
  for (int i = 0; i < 5; ++i) client.turn();
  CHECK(f.server.connections() == 0);
}

TEST_CASE("Expect: 100-continue is answered") {
  Fixture f;
  test::Client client(f.loop, f.server, f.gate);
  const auto go = client.ask("POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", "\r\n\r\n");
  CHECK(go == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(has(client.ask("ok", "[POST ok]"), "200 OK"));
}

TEST_CASE("deadlines: a request that never ends, and a silent connection") {
  http::Limits limits;
  limits.request = limits.idle = limits.stall = core::milliseconds(5);
  Fixture f(limits);
  test::Client half(f.loop, f.server, f.gate);
  half.send("GET /echo HTT");
  test::Client silent(f.loop, f.server, f.gate);
  CHECK(silent.receiveAll().empty());
  CHECK(half.receiveAll().empty());
  CHECK(f.server.connections() == 0);
}

namespace {

/// A stream's source: returns the chosen data, and counts the requests for it.
struct Script : http::Source {
  explicit Script(std::string& text, bool& gone, bool endless) : text_(text), gone_(gone), endless_(endless) {}
  ~Script() override { gone_ = true; }
  std::string more(std::size_t limit) override {
    if (endless_) return std::string(limit, 'x');
    return std::exchange(text_, {});
  }
  [[nodiscard]] bool finished() const override { return done; }
  bool done = false;

 private:
  std::string& text_;
  bool& gone_;
  bool endless_;
};

struct StreamFixture : Fixture {
  std::string text = "first";
  bool gone = false;
  Script* script = nullptr;

  explicit StreamFixture(bool endless = false) {
    server.router().addPrefix("/stream", [this, endless](const http::Request&, const http::Reply& reply) {
      auto source = std::make_unique<Script>(text, gone, endless);
      script = source.get();
      reply.stream(http::makeResponse("text/plain", {}), std::move(source));
    });
  }
};

}  // namespace

TEST_CASE("a stream sends its parts when they arrive, and ends") {
  StreamFixture f;
  test::Client client(f.loop, f.server, f.gate);
  const auto head = client.ask("GET /stream HTTP/1.1\r\n\r\n", "5\r\nfirst\r\n");
  CHECK(has(head, "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"));
  CHECK_FALSE(has(head, "Content-Length"));
  f.text = "second";
  f.script->wake();
  CHECK(client.receiveUntil("second\r\n") == "6\r\nsecond\r\n");
  f.script->done = true;
  f.script->wake();
  CHECK(client.receiveUntil("0\r\n\r\n") == "0\r\n\r\n");
  CHECK(f.gone);
  CHECK(has(client.ask("GET /echo HTTP/1.1\r\n\r\n", "[GET ]"), "200 OK"));
}

TEST_CASE("HTTP/1.0 gets a stream without chunks") {
  StreamFixture f;
  test::Client client(f.loop, f.server, f.gate);
  const auto answer = client.ask("GET /stream HTTP/1.0\r\n\r\n", "first");
  CHECK(answer.ends_with("\r\n\r\nfirst"));
}

TEST_CASE("a client that does not read stops its stream only") {
  StreamFixture f(true);
  test::Client lazy(f.loop, f.server, f.gate);
  lazy.send("GET /stream HTTP/1.1\r\n\r\n");
  for (int i = 0; i < 50; ++i) lazy.turn();
  test::Client other(f.loop, f.server, f.gate);
  CHECK(has(other.ask("GET /echo HTTP/1.1\r\n\r\n", "[GET ]"), "200 OK"));
  CHECK_FALSE(f.gone);
  lazy.hangUp();
  for (int i = 0; i < 5; ++i) other.turn();
  CHECK(f.gone);
}

TEST_CASE("every path requires Basic authentication") {
  Fixture f;
  const auto gate = f.server.addGate(guarded());
  test::Client client(f.loop, f.server, gate);
  CHECK(client.ask("GET /echo HTTP/1.1\r\n" + kRight + "\r\n", "[GET ]").starts_with("HTTP/1.1 200"));
  test::Client broken(f.loop, f.server, gate);
  CHECK(broken.ask("GET / HTTP/1.1\r\nAuthorization: Basic ?\r\n\r\n", "</html>").starts_with("HTTP/1.1 400"));
  test::Client old(f.loop, f.server, gate);
  old.send("GET /echo HTTP/1.0\r\n\r\n");
  old.halfClose();
  CHECK(old.receiveAll().starts_with("HTTP/1.0 401"));
  CHECK(f.calls == 1);
}

TEST_CASE("after a refused password the connection stays open, and the body of the request is skipped") {
  Fixture f;
  test::Client client(f.loop, f.server, f.server.addGate(guarded()));
  const std::string body = "GET /echo HTTP/1.1\r\n" + kRight + "\r\n";  // would be a request
  const auto refused = client.ask(
      "POST /echo HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body.substr(0, 10),
      "</html>");
  CHECK(refused.starts_with("HTTP/1.1 401 Unauthorized"));
  CHECK(has(refused, "WWW-Authenticate: Basic realm=\"default\"\r\n"));
  CHECK_FALSE(has(refused, "Connection: close"));
  client.send(body.substr(10));
  CHECK(has(client.ask("POST /echo HTTP/1.1\r\n" + kRight + "Content-Length: 2\r\n\r\nhi", "[POST hi]"), "200 OK"));
  CHECK(f.calls == 1);
  // All at once, too.
  const std::string again = "POST /echo HTTP/1.1\r\n" + kWrong + "Content-Length: 3\r\n\r\nabcPOST /echo HTTP/1.1\r\n" +
                            kRight + "Content-Length: 3\r\n\r\ndef";
  const auto both = client.ask(again, "[POST def]");
  CHECK(has(both, "HTTP/1.1 401"));
  CHECK(has(both, "[POST def]"));
  CHECK(f.calls == 2);
}

TEST_CASE("a refused body that is large, or may never arrive, ends the connection") {
  Fixture f;
  const auto gate = f.server.addGate(guarded());
  test::Client large(f.loop, f.server, gate);
  const auto refused = large.ask(
      "POST /echo HTTP/1.1\r\n" + kWrong + "Content-Length: 1000000\r\n\r\n" + std::string(60'000, 'x'), "</html>");
  CHECK(refused.starts_with("HTTP/1.1 401"));
  CHECK(has(refused, "Connection: close\r\n"));
  CHECK(gate->held == 0);
  test::Client polite(f.loop, f.server, gate);
  const auto answer =
      polite.ask("POST /echo HTTP/1.1\r\n" + kWrong + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", "</html>");
  CHECK(answer.starts_with("HTTP/1.1 401"));
  CHECK(has(answer, "Connection: close\r\n"));
  CHECK(f.calls == 0);
}

TEST_CASE("without a password a request for a host name that was not configured is refused") {
  Fixture f;
  http::Gate open;
  open.hosts.emplace(std::vector<std::string>{"tools.example"}, "see <b>allowed_hosts</b>");
  const auto gate = f.server.addGate(std::move(open));
  for (const char* host : {"Host: localhost:9001\r\n", "Host: tools.example\r\n", ""}) {
    test::Client client(f.loop, f.server, gate);
    CHECK(has(client.ask("GET /echo HTTP/1.1\r\n" + std::string(host) + "\r\n", "[GET ]"), "200 OK"));
  }
  const int calls = f.calls;
  for (const char* request :
       {"GET /echo HTTP/1.1\r\nHost: evil.example:9001\r\nOrigin: http://evil.example:9001\r\n\r\n",
        "GET http://evil.example/echo HTTP/1.1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 10000\r\n\r\nabc"}) {
    test::Client client(f.loop, f.server, gate);
    const auto refused = client.ask(request, "</html>");
    CHECK(refused.starts_with("HTTP/1.1 403 Forbidden host name: see <b>allowed_hosts</b>\r\n"));
    CHECK(has(refused, "see &lt;b&gt;allowed_hosts&lt;/b&gt;"));
  }
  CHECK(f.calls == calls);
}
