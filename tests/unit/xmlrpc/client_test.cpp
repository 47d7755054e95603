// SPDX-License-Identifier: MIT
#include "lib/xmlrpc/client.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <thread>
#include <vector>

#include "lib/core/unique_fd.hpp"
#include "lib/xmlrpc/chunk_decoder.hpp"
#include "lib/xmlrpc/message.hpp"
#include "lib/xmlrpc/reply_head.hpp"
#include "lib/xmlrpc/stream.hpp"

using Kind = xmlrpc::ClientError::Kind;

namespace {

/// Answers each connection with scripted texts, one for each request, then closes it.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::vector<std::string>> script) {
    char directory[] = "/tmp/xmlrpc-test-XXXXXX";
    path_ = std::string(::mkdtemp(directory)) + "/s";
    listener_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    thread_ = std::thread([this, script = std::move(script)] { serve(script); });
  }
  ~ScriptedServer() {
    thread_.join();
    ::unlink(path_.c_str());
    ::rmdir(path_.substr(0, path_.rfind('/')).c_str());
  }
  [[nodiscard]] xmlrpc::Endpoint endpoint() const { return *xmlrpc::parseEndpoint("unix://" + path_); }
  std::vector<std::string> requests;  ///< to be read when the client is done

 private:
  void serve(const std::vector<std::vector<std::string>>& script) {
    for (const auto& answers : script) {
      core::UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
      for (const std::string& answer : answers) {
        char block[8192];
        const ssize_t n = ::read(peer.get(), block, sizeof block);
        if (n <= 0) break;
        requests.emplace_back(block, static_cast<std::size_t>(n));
        (void)!::write(peer.get(), answer.data(), answer.size());
      }
    }
  }
  core::UniqueFd listener_;
  std::string path_;
  std::thread thread_;
};

std::string ok(const std::string& value) {
  const std::string body = xmlrpc::composeResponse(value);
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("calls share a connection; one that the server closed is opened again") {
  const std::string three = ok("<value><int>3</int></value>");
  ScriptedServer server({{three, three}, {three}});
  xmlrpc::Client client(server.endpoint(), {"user", "pass"});
  for (int i = 0; i < 3; ++i) {
    auto answer = client.call("a.b", {xmlrpc::Value{std::string("x")}});
    REQUIRE(answer.has_value());
    CHECK(*answer->integer() == 3);
  }
  client.close();
}

TEST_CASE("a connection that ends before the first answer is an error, not a loop") {
  ScriptedServer server({{""}});
  xmlrpc::Client client(server.endpoint());
  auto answer = client.call("a.b");
  REQUIRE(!answer.has_value());
  CHECK(answer.error().kind == Kind::Protocol);
}

TEST_CASE("statuses and faults keep their kind") {
  const std::string fault = xmlrpc::composeFault({10, "BAD_NAME: x"});
  ScriptedServer server({{"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"},
                         {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"},
                         {"HTTP/1.0 200 OK\r\n\r\n" + fault}});
  xmlrpc::Client client(server.endpoint());
  CHECK(client.call("a.b").error().kind == Kind::Unauthorized);
  const auto status = client.call("a.b");
  CHECK(status.error().kind == Kind::Status);
  CHECK(status.error().text == "Internal Server Error");
  const auto faulty = client.call("a.b");
  CHECK(faulty.error().kind == Kind::Fault);
  CHECK(faulty.error().code == 10);
}

TEST_CASE("no server listens") {
  xmlrpc::Client missing(*xmlrpc::parseEndpoint("unix:///nonexistent/socket"));
  CHECK(missing.call("a.b").error().kind == Kind::NoFile);
}

TEST_CASE("a stream returns its pieces and reports its end") {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"}});
  auto stream = xmlrpc::Stream::open(server.endpoint(), {}, "/logtail/x");
  REQUIRE(stream.has_value());
  std::string got;
  for (;;) {
    auto more = stream->read([&got](std::string_view piece) { got += piece; });
    REQUIRE(more.has_value());
    if (!*more) break;
  }
  CHECK(got == "abcde");
}

TEST_CASE("chunks are decoded however they are cut") {
  const std::string body = "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t step = 1; step <= body.size(); ++step) {
    xmlrpc::ChunkDecoder decoder;
    std::string got;
    for (std::size_t at = 0; at < body.size(); at += step)
      REQUIRE(decoder.feed(std::string_view(body).substr(at, step), [&](std::string_view p) { got += p; }));
    CHECK(decoder.finished());
    CHECK(got == "abc0123456789");
  }
  xmlrpc::ChunkDecoder decoder;
  CHECK_FALSE(decoder.feed("zz\r\n", [](std::string_view) {}));
}

TEST_CASE("heads of answers") {
  const auto head = xmlrpc::parseReplyHead("HTTP/1.1 404 Not Found\r\ncontent-length:  7\r\nConnection: close");
  REQUIRE(head.has_value());
  CHECK(head->status == 404);
  CHECK(head->reason == "Not Found");
  CHECK(head->length == 7);
  CHECK_FALSE(head->keepAlive);
  CHECK_FALSE(xmlrpc::parseReplyHead("SSH-2.0-OpenSSH").has_value());
  CHECK_FALSE(xmlrpc::parseReplyHead("HTTP/1.1 200 OK\r\nContent-Length: -1").has_value());
  CHECK_FALSE(xmlrpc::parseReplyHead("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2").has_value());
}

TEST_CASE("endpoints") {
  const auto six = xmlrpc::parseEndpoint("http://[::1]:9001/RPC2");
  REQUIRE(six.has_value());
  CHECK(six->host == "::1");
  CHECK(six->port == 9001);
  CHECK(six->authority() == "[::1]:9001");
  CHECK(xmlrpc::parseEndpoint("http://h")->port == 80);
  CHECK(xmlrpc::parseEndpoint("http://h:9001")->authority() == "h:9001");
  CHECK(xmlrpc::parseEndpoint("unix:///a b")->path == "/a b");
  for (const char* bad : {"", "foo", "https://h", "http://", "http://h:0", "http://h:x", "http://[::1", "unix://"})
    CHECK_FALSE(xmlrpc::parseEndpoint(bad).has_value());
}
