// SPDX-License-Identifier: MIT
#include "instance/http/handover.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/un.h>

#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "instance/http/source.hpp"
#include "instance/state/descriptors.hpp"
#include "instance/state/state.hpp"
#include "tests/unit/http/client.hpp"

namespace {

using test::guarded;
using test::has;
using test::kRight;

/// A source that counts: each piece is the next letter, when `letters` allows it.
class Letters final : public http::Source {
 public:
  Letters(int& letters, std::int64_t next) : letters_(letters), next_(next) {}
  [[nodiscard]] std::string more(std::size_t) override {
    if (next_ >= letters_) return {};
    return std::string(1, static_cast<char>('a' + next_++));
  }
  [[nodiscard]] bool save(state::Stream& saved, std::string& first, state::Outgoing&) const override {
    saved.offset = next_;
    first = before;
    return true;
  }
  std::string before;

 private:
  int& letters_;
  std::int64_t next_;
};

/// Ends with its program.
class Mortal final : public http::Source {
 public:
  [[nodiscard]] std::string more(std::size_t) override { return {}; }
};

/// One supervisord.
struct Life {
  explicit Life(core::EventLoop& eventLoop, http::Gate gateOptions = {})
      : loop(eventLoop), server(loop), gate(server.addGate(std::move(gateOptions))) {
    auto& router = server.router();
    router.addPrefix("/echo", [](const auto& request, const auto& reply) {
      reply.send(http::makeResponse("text/plain", "[" + request.user + "|" + request.peer + "|" + request.body + "]"));
    });
    router.addPrefix("/big", [](const auto&, const auto& reply) {
      reply.send(http::makeResponse("text/plain", std::string(kBig, 'x')));
    });
    router.addPrefix("/later", [this](const auto&, const auto& reply) { pending.push_back(reply); });
    router.addPrefix("/letters", [this](const auto&, const auto& reply) {
      auto source = std::make_unique<Letters>(letters, 0);
      source->before = before;
      stream = source.get();
      reply.stream({}, std::move(source));
    });
    router.addPrefix("/mortal", [](const auto&, const auto& reply) { reply.stream({}, std::make_unique<Mortal>()); });
  }
  static constexpr std::size_t kBig = 5'000'000;

  /// The state of `old`, which is then gone as after an execve: silently for its clients.
  static std::pair<state::State, state::Incoming> handOver(Life& old) {
    state::State saved;
    state::Outgoing outgoing;
    old.server.save(saved, outgoing);
    state::Incoming incoming;
    for (const auto& [name, fd] : outgoing.all()) incoming.add(name, core::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)));
    for (auto& socket : old.server.release()) socket.abandonFile();
    return {std::move(saved), std::move(incoming)};
  }
  void takeOver(const state::State& saved, state::Incoming& incoming) {
    server.restore(saved.connections, incoming,
                   {[&](const state::Connection& one) -> std::unique_ptr<http::Source> {
                      if (one.stream->offset < 0) return nullptr;
                      return std::make_unique<Letters>(letters, one.stream->offset);
                    },
                    [&](const http::Request& request, const http::Reply& reply) {
                      asked.push_back(request);
                      pending.push_back(reply);
                    }});
  }
  void takeOverFrom(Life& old) {
    auto [saved, incoming] = handOver(old);
    takeOver(saved, incoming);
  }

  core::EventLoop& loop;
  int letters = 0;
  std::string before;
  Letters* stream = nullptr;
  std::vector<http::Request> asked;
  std::vector<http::Reply> pending;
  http::Server server;
  std::shared_ptr<http::Gate> gate;
};

const std::string kPost = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";

}  // namespace

TEST_CASE("a request continues at whatever byte it was handed over, and so do the next ones") {
  const std::string two = kPost + "\r\n" + kPost;
  for (std::size_t cut = 0; cut <= two.size(); ++cut) {
    CAPTURE(cut);
    core::EventLoop loop;
    Life before(loop), after(loop);
    test::Client client(loop, before.server, before.gate);
    client.send(std::string_view(two).substr(0, cut));
    for (int i = 0; i < 3; ++i) client.turn();
    after.takeOverFrom(before);
    CHECK(after.server.connections() == 1);
    client.send(std::string_view(two).substr(cut));
    const std::string answer = "[|localhost:0|abc]";
    auto got = client.receiveUntil(answer);
    if (got.find(answer) == got.rfind(answer)) got += client.receiveUntil(answer);  // the second comes alone
    CHECK(got.find(answer) != got.rfind(answer));
    CHECK_FALSE(has(got, "400"));
  }
}

TEST_CASE("an answer that is half sent arrives whole") {
  for (const bool closes : {false, true}) {
    core::EventLoop loop;
    Life before(loop), after(loop);
    test::Client client(loop, before.server, before.gate);
    client.send(std::string("GET /big HTTP/1.1\r\n") + (closes ? "Connection: close\r\n" : "") + "\r\n");
    for (int i = 0; i < 3; ++i) client.turn();
    after.takeOverFrom(before);
    const auto got = closes ? client.receiveAll() : client.ask(kPost, "abc]");
    const auto body = got.substr(got.find("\r\n\r\n") + 4);
    CHECK(body.find_first_not_of('x') == (closes ? std::string::npos : Life::kBig));
    CHECK(body.substr(0, Life::kBig).size() == Life::kBig);
    CHECK(client.closed() == closes);
    CHECK(after.server.connections() == (closes ? 0 : 1));
  }
}

TEST_CASE("a request that waits is answered by the next program") {
  for (const std::size_t size : {0U, 1U, 1024U, 1025U}) {
    CAPTURE(size);
    core::EventLoop loop;
    Life before(loop), middle(loop), after(loop);
    test::Client client(loop, before.server, before.gate);
    const std::string body(size, 'b');
    client.send("POST /later?x HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: " + std::to_string(size) +
                "\r\n\r\n" + body + "GET /echo HTTP/1.1\r\n\r\n");
    for (int i = 0; i < 5; ++i) client.turn();
    REQUIRE(before.pending.size() == 1);
    middle.takeOverFrom(before);
    REQUIRE(middle.asked.size() == 1);
    after.takeOverFrom(middle);
    REQUIRE(after.asked.size() == 1);
    const auto& request = after.asked[0];
    CHECK(request.line == "POST /later?x HTTP/1.1");
    CHECK(request.header("content-type") == "text/xml");
    CHECK(request.body == (size <= 1024 ? body : ""));
    before.pending[0].send(http::makeResponse("text/plain", "of the old program"));
    after.pending[0].send(http::makeResponse("text/plain", "[done]"));
    const auto got = client.receiveUntil("[|localhost:0|]");
    CHECK(got.starts_with("HTTP/1.1 200 OK"));
    CHECK(has(got, "\r\n\r\n[done]HTTP/1.1 200 OK"));
    CHECK(has(got, "[|localhost:0|]"));
  }
}

TEST_CASE("a request can be answered while it is handed over, and a waiting HTTP/1.0 client is closed then") {
  core::EventLoop loop;
  Life before(loop), after(loop);
  test::Client client(loop, before.server, before.gate);
  client.send("GET /later HTTP/1.0\r\n\r\n");
  for (int i = 0; i < 3; ++i) client.turn();
  auto [saved, incoming] = Life::handOver(before);
  after.server.restore(saved.connections, incoming,
                       {nullptr, [](const auto&, const auto& reply) { reply.send(http::makeError(503, "gone on")); }});
  const auto got = client.receiveAll();
  CHECK(got.starts_with("HTTP/1.0 503"));
  CHECK(has(got, "gone on"));
}

TEST_CASE("a client that left while it waited is forgotten") {
  core::EventLoop loop;
  Life before(loop), after(loop);
  test::Client client(loop, before.server, before.gate);
  client.send("GET /later HTTP/1.1\r\n\r\n");
  for (int i = 0; i < 3; ++i) client.turn();
  after.takeOverFrom(before);
  client.hangUp();
  for (int i = 0; i < 3; ++i) client.turn();
  CHECK(after.server.connections() == 0);
  CHECK_FALSE(after.pending[0].pending());
}

TEST_CASE("a client that has logged in stays so in the middle of a request, and only then") {
  core::EventLoop loop;
  Life before(loop, guarded()), after(loop, guarded());
  test::Client client(loop, before.server, before.gate);
  client.send("POST /echo HTTP/1.1\r\n" + kRight + "Content-Length: 3\r\nExpect: 100-continue\r\n\r\na");
  CHECK(client.receiveUntil("100 Continue\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  after.takeOverFrom(before);
  const auto got = client.ask("bc", "abc]");
  CHECK(got.starts_with("HTTP/1.1 200 OK"));  // and not another 100
  CHECK(has(got, "[user|localhost:0|abc]"));
  CHECK(has(client.ask("GET /echo HTTP/1.1\r\n\r\n", "logged in"), "HTTP/1.1 401"));
}

TEST_CASE("the rest of a refused body is discarded in the next program") {
  core::EventLoop loop;
  Life before(loop, guarded()), after(loop, guarded());
  test::Client client(loop, before.server, before.gate);
  CHECK(has(client.ask("POST /echo HTTP/1.1\r\nContent-Length: 30\r\n\r\nGET /", "</html>"), "401"));
  after.takeOverFrom(before);
  const auto got = client.ask(std::string(25, 'z') + "GET /echo HTTP/1.1\r\n" + kRight + "\r\n", "localhost:0|]");
  CHECK(got.starts_with("HTTP/1.1 200 OK"));
}

TEST_CASE("a stream continues with its next byte, after what its log has lost by then") {
  for (const bool modern : {true, false}) {
    core::EventLoop loop;
    Life before(loop), after(loop);
    before.letters = 2;
    test::Client client(loop, before.server, before.gate);
    std::string got = client.ask(modern ? "GET /letters HTTP/1.1\r\n\r\n" : "GET /letters HTTP/1.0\r\n\r\n",
                                 modern ? "1\r\nb\r\n" : "\r\n\r\nab");
    before.stream->before = "earlier file";
    after.letters = 2;
    after.takeOverFrom(before);
    got = client.receiveUntil("earlier file");
    CHECK(got.starts_with(modern ? "c\r\nearlier file\r\n" : "earlier file"));
    after.letters = 3;
    Life third(loop);
    third.letters = 4;
    third.takeOverFrom(after);
    got = client.receiveUntil("d");
    CHECK(got.starts_with(modern ? "1\r\nc\r\n1\r\nd" : "cd"));
    CHECK_FALSE(client.closed());
  }
}

TEST_CASE("a stream that cannot continue is closed, on either side of the change") {
  core::EventLoop loop;
  Life before(loop), after(loop);
  test::Client mortal(loop, before.server, before.gate), letters(loop, before.server, before.gate);
  (void)mortal.ask("GET /mortal HTTP/1.1\r\n\r\n", "\r\n\r\n");
  (void)letters.ask("GET /letters HTTP/1.1\r\n\r\n", "\r\n\r\n");
  auto [saved, incoming] = Life::handOver(before);
  REQUIRE(saved.connections.size() == 1);
  saved.connections[0].stream->offset = -1;
  after.takeOver(saved, incoming);
  CHECK(after.server.connections() == 0);
  (void)mortal.receiveAll();
  (void)letters.receiveAll();
}

TEST_CASE("a refused client gets the rest of its answer and is closed") {
  core::EventLoop loop;
  Life before(loop), after(loop), third(loop);
  test::Client client(loop, before.server, before.gate);
  client.send("nonsense\r\n\r\n");
  client.turn();
  after.takeOverFrom(before);
  client.turn();
  third.takeOverFrom(after);
  CHECK(has(client.receiveUntil("</html>"), "HTTP/1.1 400"));
  client.hangUp();
  for (int i = 0; i < 3; ++i) client.turn();
  CHECK(third.server.connections() == 0);
}

TEST_CASE("connections that do not fit this program are closed, the others continue") {
  using Damage = std::function<void(state::Connection&)>;
  const std::vector<Damage> cases{
      [](auto& c) { c.gate = 1; },
      [](auto& c) { c.gate = 0xFFFFFFFF; },
      [](auto& c) { c.socket = "c9"; },
      [](auto& c) { c.socket = ""; },
      [](auto& c) { c.head = "GET"; },
      [](auto& c) { c.head = "GET /echo HTTP/1.1\r\n"; },
      [](auto& c) { c.head = "POST /echo HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"; },
      [](auto& c) { c.skip = 1ULL << 40; },
      [](auto& c) { c.call = "body"; },  // of which request?
      [](auto& c) { c.stream.emplace(); },
  };
  for (std::size_t at = 0; at < cases.size(); ++at) {
    CAPTURE(at);
    core::EventLoop loop;
    Life before(loop), after(loop);
    test::Client bad(loop, before.server, before.gate), good(loop, before.server, before.gate);
    bad.send("GET /ec");
    bad.turn();
    auto [saved, incoming] = Life::handOver(before);
    REQUIRE(saved.connections.size() == 2);
    cases[at](saved.connections[0]);
    after.takeOver(saved, incoming);
    incoming = {};
    CHECK(after.server.connections() == 1);
    CHECK(after.gate->connections == 1);
    CHECK(has(good.ask(kPost, "abc]"), "abc]"));
    (void)bad.receiveAll();
  }
}

TEST_CASE("a descriptor that is not a connected socket is refused") {
  core::EventLoop loop;
  Life after(loop);
  state::Incoming incoming;
  int pipe[2];
  REQUIRE(::pipe2(pipe, O_CLOEXEC) == 0);
  incoming.add("c0", core::UniqueFd(pipe[0]));
  incoming.add("c1", core::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  const core::UniqueFd end(pipe[1]);
  core::UniqueFd listens(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un any{};
  any.sun_family = AF_UNIX;
  REQUIRE(::bind(listens.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(sa_family_t)) == 0);
  REQUIRE(::listen(listens.get(), 1) == 0);
  incoming.add("c2", std::move(listens));
  state::State saved;
  for (const char* name : {"c0", "c1", "c2"}) saved.connections.emplace_back().socket = name;
  after.takeOver(saved, incoming);
  CHECK(after.server.connections() == 0);
}

TEST_CASE("clients that send much do not make the state too large: the largest of them end") {
  core::EventLoop loop;
  Life before(loop), after(loop);
  std::string body(9'000'000, '\x01');  // each byte takes four in the state
  const auto request = "POST /echo HTTP/1.1\r\nContent-Length: " + std::to_string(body.size() + 1) + "\r\n\r\n" + body;
  test::Client small(loop, before.server, before.gate), large(loop, before.server, before.gate);
  test::Client text(loop, before.server, before.gate);
  large.send(request);
  text.send("POST /echo HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(999'999, 't'));
  small.send("GET /ec");
  for (int i = 0; i < 50; ++i) large.turn();
  CHECK(before.gate->held > body.size());
  auto [saved, incoming] = Life::handOver(before);
  REQUIRE(saved.connections.size() == 2);
  after.takeOver(saved, incoming);
  (void)large.receiveAll();
  CHECK(has(small.ask("ho HTTP/1.1\r\n\r\n", "localhost:0|]"), "200 OK"));
  CHECK(has(text.ask("u", "tu]"), "200 OK"));
}

TEST_CASE("the gate counts the connections and bytes that came over") {
  core::EventLoop loop;
  Life before(loop), after(loop);
  test::Client idle(loop, before.server, before.gate), busy(loop, before.server, before.gate);
  busy.send("POST /echo HTTP/1.1\r\nContent-Length: 500\r\n\r\n" + std::string(400, 'x'));
  busy.turn();
  REQUIRE(before.gate->held == 400);
  after.takeOverFrom(before);
  CHECK(after.gate->connections == 2);
  CHECK(after.gate->held == 400);
  idle.hangUp();
  busy.hangUp();
  for (int i = 0; i < 3; ++i) idle.turn();
  CHECK(after.gate->connections == 0);
  CHECK(after.gate->held == 0);
}

TEST_CASE("saving changes nothing: a program that was not replaced continues") {
  core::EventLoop loop;
  Life life(loop);
  life.letters = 1;
  test::Client asks(loop, life.server, life.gate), follows(loop, life.server, life.gate);
  asks.send(kPost.substr(0, 50));
  (void)follows.ask("GET /letters HTTP/1.1\r\n\r\n", "1\r\na\r\n");
  for (int i = 0; i < 2; ++i) {
    state::State saved;
    state::Outgoing outgoing;
    life.server.save(saved, outgoing);
    CHECK(saved.connections.size() == 2);
    CHECK(outgoing.all().size() == 2);
  }
  CHECK(has(asks.ask(kPost.substr(50), "abc]"), "abc]"));
  life.letters = 2;
  life.stream->wake();
  CHECK(follows.receiveUntil("b\r\n") == "1\r\nb\r\n");
}
