// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/socket.h>

#include "instance/http/authenticator.hpp"
#include "instance/http/output_buffer.hpp"
#include "instance/http/password.hpp"
#include "instance/http/request.hpp"
#include "instance/http/response.hpp"
#include "lib/core/base64.hpp"
#include "lib/core/unique_fd.hpp"

using Decision = http::Authenticator::Decision;

TEST_CASE("stored passwords of every kind") {
  CHECK(http::matchesPassword("plain", "plain"));
  CHECK_FALSE(http::matchesPassword("plain", "plain2"));
  CHECK_FALSE(http::matchesPassword("plain", ""));
  CHECK(http::matchesPassword("{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d", "thepassword"));
  CHECK(http::matchesPassword("{SHA}82AB876D1387BFAFE46CC1C8A2EF074EAE50CB1D", "thepassword"));
  CHECK_FALSE(http::matchesPassword("{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d", "other"));
  CHECK(http::matchesPassword("{SHA256}ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc"));
  CHECK(
      http::matchesPassword("{SHA512}ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8"
                            "36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
                            "abc"));
  const std::string crypted =
      "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2Soep"
      "NXNKJ/otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/";
  CHECK(http::isSlowHash(crypted));
  CHECK_FALSE(http::isSlowHash("$$"));
  CHECK_FALSE(http::isSlowHash("pa$$word"));
  CHECK(http::matchesPassword(crypted, "secret"));
  CHECK_FALSE(http::matchesPassword(crypted, "wrong"));
}

TEST_CASE("comparison without early exit") {
  CHECK(http::equalInConstantTime("", ""));
  CHECK(http::equalInConstantTime("abc", "abc"));
  CHECK_FALSE(http::equalInConstantTime("abc", "abd"));
  CHECK_FALSE(http::equalInConstantTime("abc", "ab"));
  CHECK_FALSE(http::equalInConstantTime("ab", "abc"));
  CHECK_FALSE(http::equalInConstantTime("ab", std::string_view("ab\0", 3)));
}

namespace {
std::string basic(const std::string& pair) { return "Basic " + core::encodeBase64(pair); }
}  // namespace

TEST_CASE("Basic: colons and UTF-8 in the password, the scheme in any case") {
  http::Authenticator a("test\xC3\xA9", "p\xC3\xA4:ss:");
  const auto now = core::Clock::now();
  CHECK(a.check(basic("test\xC3\xA9:p\xC3\xA4:ss:"), now) == Decision::Granted);
  CHECK(a.check("bASIC" + basic("test\xC3\xA9:p\xC3\xA4:ss:").substr(5), now) == Decision::Granted);
  CHECK(a.check(basic("test:p"), now) == Decision::Denied);
  CHECK(a.check("", now) == Decision::Denied);
  CHECK(a.check("Digest x", now) == Decision::Denied);
  CHECK(a.check("Basic !", now) == Decision::Malformed);
  CHECK(a.check(basic("nocolon"), now) == Decision::Malformed);
}

TEST_CASE("slow hashes: guesses are limited, which does not delay the right password") {
  http::Authenticator a("u", "$6$rounds=1000$saltsalt$" + std::string(86, 'x'));
  const auto now = core::Clock::now();
  for (int i = 0; i < 3; ++i) CHECK(a.check(basic("u:guess" + std::to_string(i)), now) == Decision::Denied);
  CHECK(a.check(basic("u:guess3"), now) == Decision::Busy);
  CHECK(a.check(basic("u:guess1"), now) == Decision::Denied);
  CHECK(a.check(basic("u:guess3"), now + core::seconds(60)) == Decision::Denied);
}

TEST_CASE("slow hashes: a name that is not the user's gets the same answers in the same order") {
  const auto answers = [](const std::string& name) {
    http::Authenticator a("u", "$6$rounds=1000$saltsalt$" + std::string(86, 'x'));
    const auto now = core::Clock::now();
    std::vector<Decision> verdicts;
    for (const char* guess : {"1", "2", "1", "3", "4", "5", "2"})
      verdicts.push_back(a.check(basic(name + ":guess" + guess), now));
    return verdicts;
  };
  const std::vector<Decision> wanted{Decision::Denied, Decision::Denied, Decision::Denied, Decision::Denied,
                                     Decision::Busy,   Decision::Busy,   Decision::Denied};
  for (const char* name : {"u", "v", "", "a much longer name"}) {
    CAPTURE(name);
    CHECK(answers(name) == wanted);
  }
}

TEST_CASE("slow hashes: guesses for different names share one limit, and answers are remembered for each name") {
  const std::string secret =
      "$6$rounds=1000$saltsalt$LAV5VE5Y7w1d73x1mFNspYWUpazfmwv2Soep"
      "NXNKJ/otop/Zok96Hr8Q13LEv0DRY/x8v0/crpIjl8NJSAqXV/";
  http::Authenticator a("u", secret);
  const auto now = core::Clock::now();
  CHECK(a.check(basic("v:secret"), now) == Decision::Denied);
  CHECK(a.check(basic("u:secret"), now) == Decision::Granted);
  CHECK(a.check(basic("v:secret"), now) == Decision::Denied);
  CHECK(a.check(basic("w:secret"), now) == Decision::Denied);
  CHECK(a.check(basic("x:secret"), now) == Decision::Busy);
  CHECK(a.check(basic("u:secret"), now) == Decision::Granted);
}

TEST_CASE("fast hashes: the right password under another name is not enough") {
  for (const char* stored : {"secret", "{SHA}e5e9fa1ba31ecd1ae84f75caaa474f3a663f05f4"}) {
    http::Authenticator a("u", stored);
    const auto now = core::Clock::now();
    CHECK(a.check(basic("u:secret"), now) == Decision::Granted);
    CHECK(a.check(basic("v:secret"), now) == Decision::Denied);
    CHECK(a.check(basic(":secret"), now) == Decision::Denied);
    CHECK(a.check(basic("u:secre"), now) == Decision::Denied);
  }
}

TEST_CASE("URIs and forms") {
  http::Request request;
  request.uri = "/a%2Fb%20c%zz?x=1";
  CHECK(request.path() == "/a/b c%zz");
  CHECK(request.query() == "x=1");
  const auto form = http::parseForm("action=stop&processname=g%3Ap+1&&flag;y=");
  REQUIRE(form.size() == 4);
  CHECK(form[1] == std::pair<std::string, std::string>("processname", "g:p 1"));
  CHECK(form[2].second.empty());
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "a&";
  CHECK(http::parseForm(many + "b=1").size() == 1000);
}

TEST_CASE("a head has its status line, then our headers, then those of the answer, and ends with an empty line") {
  const std::string ours =
      "Server: Medusa/1.12\r\nDate: *\r\nX-Content-Type-Options: nosniff\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\n";
  const auto compose = [](const http::Response& response, http::Version version, http::Framing framing,
                          bool keepAlive) {
    std::string head = http::composeHead(response, version, framing, keepAlive);
    const auto date = head.find("Date: ") + 6;
    return head.replace(date, head.find('\r', date) - date, "*");
  };
  using http::Framing;
  using http::Version;
  CHECK(compose(http::makeResponse("text/xml", "four"), Version::Http11, Framing::Length, true) ==
        "HTTP/1.1 200 OK\r\n" + ours + "Content-Type: text/xml\r\nContent-Length: 4\r\n\r\n");
  CHECK(compose({404, {{"Empty", ""}, {"B", "2"}}, ""}, Version::Http10, Framing::Close, true) ==
        "HTTP/1.0 404 Not Found\r\n" + ours + "Empty: \r\nB: 2\r\nConnection: Keep-Alive\r\n\r\n");
  CHECK(compose({503, {}, "", "Too\nbusy"}, Version::Http11, Framing::Chunked, false) ==
        "HTTP/1.1 503 Too busy\r\n" + ours + "Transfer-Encoding: chunked\r\n\r\n");
  CHECK(http::reasonOf(413) == "Request Entity Too Large");
  CHECK(http::reasonOf(299) == "???");
}

TEST_CASE("a header value cannot begin another header") {
  const auto head = http::composeHead({301, {{"Location", "/x\r\nSet-Cookie: a"}}, {}}, http::Version::Http11,
                                      http::Framing::Length, true);
  CHECK(head.find("\r\nSet-Cookie") == std::string::npos);
  CHECK(http::httpDate(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("pieces of any size arrive in order through a socket that takes little in one call") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
  const core::UniqueFd ours(ends[0]);
  const core::UniqueFd theirs(ends[1]);
  const int little = 1;  // the kernel makes it its minimum
  ::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
  http::OutputBuffer buffer;
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    // Some are joined with the last one, some too large for that; more pieces than one system call takes.
    std::string piece(std::size_t{1} << (i * 7 % 18), static_cast<char>('a' + i % 26));
    expected += piece;
    if (i % 3 == 0)
      buffer.append(std::string_view(piece));
    else
      buffer.append(std::move(piece));
  }
  std::string received;
  std::size_t rounds = 0;
  for (; received.size() < expected.size(); ++rounds) {
    REQUIRE(rounds < expected.size());
    REQUIRE(buffer.flush(ours.get()));
    char block[3000];
    const ssize_t n = ::recv(theirs.get(), block, sizeof block, 0);
    if (n > 0) received.append(block, static_cast<std::size_t>(n));
    CHECK(buffer.size() <= expected.size() - received.size());
  }
  CHECK(rounds > 40);
  CHECK(buffer.empty());
  CHECK(received == expected);
}
