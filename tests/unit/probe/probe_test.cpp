// SPDX-License-Identifier: MIT
#include "instance/probe/probe.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <memory>
#include <optional>
#include <vector>

#include "instance/probe/address.hpp"

namespace {

using core::IoWatch;

/// A server on the loop of the test: it answers each request with `answer`, and closes if `closes`.
class Server {
 public:
  Server(core::EventLoop& loop, const config::ProbeTarget& target) : loop_(loop) {
    const auto address = probe::addressOf(target, 0);
    socket_.reset(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    REQUIRE(::bind(socket_.get(), address.get(), address.size) == 0);
    REQUIRE(::listen(socket_.get(), 8) == 0);
    watch_ = std::make_unique<IoWatch>(loop, socket_.get(), IoWatch::Read, [this](std::uint32_t) { accept(); });
  }
  [[nodiscard]] int port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    return ntohs(address.sin_port);
  }

  std::string answer;
  bool closes = true;
  std::string requests;
  int connections = 0;

 private:
  struct Guest {
    core::UniqueFd fd;
    std::unique_ptr<IoWatch> watch;
  };
  void accept() {
    auto& guest = *guests_.emplace_back(std::make_unique<Guest>());
    guest.fd.reset(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    ++connections;
    guest.watch = std::make_unique<IoWatch>(loop_, guest.fd.get(), IoWatch::Read, [this, &guest](std::uint32_t) {
      char bytes[4096];
      const auto count = ::recv(guest.fd.get(), bytes, sizeof bytes, 0);
      if (count > 0) requests.append(bytes, static_cast<std::size_t>(count));
      if (count > 0 && !answer.empty()) (void)::send(guest.fd.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      if (count > 0 && !closes) return;
      guest.watch->stop();
      guest.fd.reset();
    });
  }
  core::EventLoop& loop_;
  core::UniqueFd socket_;
  std::unique_ptr<IoWatch> watch_;
  std::vector<std::unique_ptr<Guest>> guests_;
};

/// Asks once; "" is success.
std::string ask(core::EventLoop& loop, const config::ProbeTarget& target,
                core::milliseconds timeout = core::seconds(30)) {
  probe::Probe probe(loop, target);
  std::optional<std::string> outcome;
  probe.start(timeout, [&](const core::Status& status) { outcome = status ? "" : status.error().text; });
  CHECK(probe.running());
  const auto limit = core::Clock::now() + core::seconds(60);
  while (!outcome) {
    REQUIRE(core::Clock::now() < limit);
    loop.step(core::seconds(1));
  }
  CHECK_FALSE(probe.running());
  return *outcome;
}

config::ProbeTarget target(std::string_view text) {
  auto parsed = config::parseProbeTarget(text);
  REQUIRE(parsed.has_value());
  return *parsed;
}

/// A server on a port that the kernel chooses, and the target that it answers.
struct Page {
  explicit Page(core::EventLoop& loop, const std::string& text = "http://127.0.0.1:1/health") : asked(target(text)) {
    asked.port = 0;
    server = std::make_unique<Server>(loop, asked);
    asked.port = server->port();
  }
  config::ProbeTarget asked;
  std::unique_ptr<Server> server;
};

struct Directory {
  Directory() {
    char name[] = "/tmp/probe-test-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Directory() { (void)!::system(("rm -rf " + path).c_str()); }
  std::string path;
};

TEST_CASE("a port that somebody listens on, and one without a listener") {
  core::EventLoop loop;
  Page page(loop, "tcp:127.0.0.1:1");
  CHECK(ask(loop, page.asked).empty());
  CHECK(page.server->requests.empty());
  page.server = nullptr;
  CHECK(ask(loop, page.asked) == config::toText(page.asked) + ": connect: Connection refused");
}

TEST_CASE("localhost is both addresses") {
  core::EventLoop loop;
  Page page(loop, "tcp:[::1]:1");
  page.asked.host = "localhost";
  CHECK(ask(loop, page.asked).empty());
  page.server = nullptr;
  CHECK(ask(loop, page.asked) == config::toText(page.asked) + ": connect: Connection refused");
}

TEST_CASE("a connection that has found itself does not count") {
  core::EventLoop loop;
  Page page(loop, "tcp:127.0.0.1:1");
  page.server = nullptr;
  core::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = probe::addressOf(page.asked, 0);
  REQUIRE(::bind(fd.get(), address.get(), address.size) == 0);
  REQUIRE(::connect(fd.get(), address.get(), address.size) == 0);
  CHECK(probe::isConnectedToItself(fd.get()));
}

TEST_CASE("Unix sockets") {
  core::EventLoop loop;
  const Directory directory;
  for (const auto& path : {directory.path + "/x", "@" + directory.path}) {
    const auto asked = target("unix:" + path);
    CHECK(ask(loop, asked).starts_with("unix:" + path + ": connect: "));
    const Server server(loop, asked);
    CHECK(ask(loop, asked).empty());
  }
}

TEST_CASE("the status of a page") {
  core::EventLoop loop;
  Page page(loop);
  page.server->answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  CHECK(ask(loop, page.asked).empty());
  CHECK(page.server->requests.starts_with("GET /health HTTP/1.1\r\nHost: 127.0.0.1:"));
  page.server->answer = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
  CHECK(ask(loop, page.asked) == config::toText(page.asked) + ": status 503, not 200-399");
  page.server->answer = "HTTP/1.0 302 Found\n\n";
  CHECK(ask(loop, page.asked).empty());
  page.asked.leastStatus = page.asked.greatestStatus = 204;
  CHECK(ask(loop, page.asked) == config::toText(page.asked) + ": status 302, not 204");
}

TEST_CASE("a server that does not close is believed when its answer is complete") {
  core::EventLoop loop;
  Page page(loop);
  page.server->closes = false;
  page.server->answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  CHECK(ask(loop, page.asked, core::seconds(3600)).empty());
  page.server->answer = "HTTP/1.1 204 No Content\r\n\r\n";
  CHECK(ask(loop, page.asked, core::seconds(3600)).empty());
  page.server->answer = "HTTP/1.1 200 OK\r\n\r\n" + std::string(probe::Probe::kLongestAnswer, 'x');
  CHECK(ask(loop, page.asked, core::seconds(3600)).empty());
  page.server->answer = "HTTP/1.1 200 OK\r\n\r\nand then nothing";
  CHECK(ask(loop, page.asked, core::milliseconds(100)).empty());
}

TEST_CASE("answers that do not count") {
  core::EventLoop loop;
  Page page(loop);
  const auto says = [&](std::string_view answer, std::string_view why) {
    page.server->answer = answer;
    CHECK(ask(loop, page.asked) == config::toText(page.asked) + ": " + std::string(why));
  };
  says("", "the connection was closed without an answer");
  says("220 mail.example.org\r\n\r\n", "the answer is not HTTP");
  says("HTTP/1.1 200 OK\r\nContent-Le", "the answer is not HTTP");
  says(std::string(100000, 'x'), "the head of the answer is too long");
  page.server->closes = false;
  page.server->answer.clear();
  CHECK(ask(loop, page.asked, core::milliseconds(50)) ==
        config::toText(page.asked) + ": no answer within 0.05 seconds");
}

TEST_CASE("a question that is forgotten is not answered") {
  core::EventLoop loop;
  Page page(loop, "tcp:127.0.0.1:1");
  probe::Probe probe(loop, page.asked);
  bool answered = false;
  probe.start(core::seconds(30), [&](const core::Status&) { answered = true; });
  probe.cancel();
  CHECK_FALSE(probe.running());
  probe.start(core::seconds(30), [&](const core::Status&) {
    probe.start(core::seconds(30), [&](const core::Status& status) { answered = status.has_value(); });
  });
  const auto limit = core::Clock::now() + core::seconds(60);
  while (!answered && core::Clock::now() < limit) loop.step(core::seconds(1));
  CHECK(answered);
}

}  // namespace
