// SPDX-License-Identifier: MIT
#include "instance/http/request_head.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

/// The status that a head is refused with; 0: it is taken.
int refusal(const std::string& head) {
  const auto parsed = http::parseRequestHead(head, 1000);
  return parsed ? 0 : parsed.error();
}

/// A POST with these header lines, each of which ends with CRLF.
int post(const std::string& lines) { return refusal("POST /RPC2 HTTP/1.1\r\nHost: x\r\n" + lines + "\r\n"); }

http::RequestHead taken(const std::string& head) {
  auto parsed = http::parseRequestHead(head, 1000);
  REQUIRE(parsed);
  return std::move(*parsed);
}

}  // namespace

TEST_CASE("a head as clients send it") {
  const auto head = taken(
      "POST /RPC2?x=1 HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\ncontent-length:\t12 \r\n"
      "X-Empty:\r\nX-Bytes: \xC3\xA4\xFF\r\nConnection: Keep-Alive\r\n\r\n");
  CHECK(head.request.line == "POST /RPC2?x=1 HTTP/1.1");
  CHECK(head.request.method == "POST");
  CHECK(head.request.uri == "/RPC2?x=1");
  CHECK(head.request.version == http::Version::Http11);
  CHECK(head.request.headers.size() == 6);
  CHECK(head.request.header("X-Bytes") == "\xC3\xA4\xFF");
  CHECK(head.request.header("x-empty").empty());
  CHECK(head.bodyLength == 12);
  CHECK_FALSE(head.expectsContinue);
  CHECK(taken("GET / HTTP/1.0\r\n\r\n").request.version == http::Version::Http10);
  CHECK(taken("GET /a\xC3\xA4 HTTP/1.1\r\n\r\n").request.uri == "/a\xC3\xA4");
}

TEST_CASE("the length of a body may appear once, in digits") {
  CHECK(post("Content-Length: 1\r\n") == 0);
  CHECK(post("Content-Length: 0001\r\n") == 0);
  for (const char* value : {"", "-1", "+1", "1 ", "1 2", "1,1", "1, 1", "0x1", "1;x", "1.0", "one", "\"1\""}) {
    CAPTURE(std::string(value));
    CHECK(post("Content-Length: " + std::string(value) + "\r\n") == (std::string(value) == "1 " ? 0 : 400));
  }
  CHECK(post("Content-Length: 1\r\nContent-Length: 1\r\n") == 400);
  CHECK(post("Content-Length: 1\r\nCONTENT-LENGTH: 2\r\n") == 400);
  CHECK(post("Content-Length: 1001\r\n") == 413);
  CHECK(post("Content-Length: 18446744073709551616\r\n") == 413);
  CHECK(post("Content-Length: 184467440737095516160000000000\r\n") == 413);
  CHECK(post("") == 411);
  CHECK(refusal("GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\n") == 0);
}

TEST_CASE("a transfer coding with a length is refused; for chunked alone the answer requests a length") {
  CHECK(post("Transfer-Encoding: chunked\r\n") == 411);
  CHECK(post("transfer-encoding:CHUNKED\r\n") == 411);
  for (const char* lines : {
           "Transfer-Encoding:\r\n",
           "Transfer-Encoding: \r\nContent-Length: 1\r\n",
           "Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding:\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
           "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: identity\r\n",
           "Transfer-Encoding: identity\r\nContent-Length: 1\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: \"chunked\"\r\n",
           "Transfer-Encoding: chunked;q=1\r\n",
           "Transfer-Encoding: \x0b"
           "chunked\r\n",
       }) {
    CAPTURE(std::string(lines));
    CHECK(post(lines) == 400);
    CHECK(refusal("GET / HTTP/1.1\r\n" + std::string(lines) + "\r\n") == 400);
  }
  CHECK(refusal("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(refusal("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") == 411);
}

TEST_CASE("lines end with CRLF, and with nothing else") {
  for (const char* head : {
           "GET / HTTP/1.1\nHost: x\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\rContent-Length: 1\r\n\r\n",
           "GET / HTTP/1.1\rX: y\r\n\r\n",
           "GET / HTTP/1.1\r\nA: b\r\r\n\r\n",
           "GET / HTTP/1.1\r\n\n\r\n\r\n",
       }) {
    CAPTURE(std::string(head));
    CHECK(refusal(head) == 400);
  }
}

TEST_CASE("header lines: a name, immediately a colon, a value without control bytes, one line") {
  for (const char* line : {
           "Content-Length : 1",
           "Content-Length\t: 1",
           " Content-Length: 1",
           "X: a\r\n Content-Length: 1",
           "X: a\r\n\tb",
           "Content-Length",
           ": 1",
           "Content Length: 1",
           "X(y): 1",
           "X\xC3\xA4: 1",
           "X\"y: 1",
           "X\x01: 1",
           "X: a\x01z",
           "X: a\x1b[31m",
           "X: a\x7f",
       }) {
    CAPTURE(std::string(line));
    CHECK(refusal("GET / HTTP/1.1\r\n" + std::string(line) + "\r\n\r\n") == 400);
  }
  CHECK(refusal(std::string("GET / HTTP/1.1\r\nX: a") + '\0' + "b\r\n\r\n") == 400);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X: y\r\n";
  CHECK(refusal("GET / HTTP/1.1\r\n" + many + "\r\n") == 400);
}

TEST_CASE("the request line has two or three words and single blanks") {
  for (const char* line : {
           "",
           "GET",
           "GET ",
           "GET /",
           " GET / HTTP/1.1",
           "GET  / HTTP/1.1",
           "GET /  HTTP/1.1",
           "GET / HTTP/1.1 ",
           "GET / x HTTP/1.1",
           "GET\t/ HTTP/1.1",
           "GET /\tHTTP/1.1",
           "G(T / HTTP/1.1",
           "GET / HTTP/2.0",
           "GET / HTTP/1.10",
           "GET / HTTP/1.",
           "GET / HTTP/01.1",
           "GET / http/1.1",
           "GET / HTTP/1.1\x01",
           "GET /\x01 HTTP/1.1",
           "GET /\x7f HTTP/1.1",
           "GET index.html HTTP/1.1",
           "OPTIONS * HTTP/1.1",
           "CONNECT x:80 HTTP/1.1",
           "GET ftp://x/ HTTP/1.1",
           "GET http:///x HTTP/1.1",
           "GET http://user@x/ HTTP/1.1",
       }) {
    CAPTURE(std::string(line));
    CHECK(refusal(std::string(line) + "\r\n\r\n") == 400);
  }
}

TEST_CASE("headers that determine how a request is read may appear once") {
  for (const char* name : {"Host", "Authorization", "Origin", "Sec-Fetch-Site"}) {
    CAPTURE(std::string(name));
    const std::string line = std::string(name) + ": x\r\n";
    CHECK(refusal("GET / HTTP/1.1\r\n" + line + "\r\n") == 0);
    CHECK(refusal("GET / HTTP/1.1\r\n" + line + line + "\r\n") == 400);
  }
}

TEST_CASE("an address in the request line is parsed, and must not contradict Host") {
  const auto head =
      taken("POST HTTP://Example:9001/RPC2?a HTTP/1.1\r\nHost: example:9001\r\nContent-Length: 0\r\n\r\n");
  CHECK(head.request.uri == "/RPC2?a");
  CHECK(head.request.header("Host") == "example:9001");
  CHECK(taken("GET http://x HTTP/1.1\r\n\r\n").request.uri == "/");
  CHECK(taken("GET http://x?a HTTP/1.1\r\n\r\n").request.uri == "/?a");
  CHECK(taken("GET http://x/ HTTP/1.1\r\n\r\n").request.header("Host") == "x");
  CHECK(refusal("GET http://x/ HTTP/1.1\r\nHost: y\r\n\r\n") == 400);
  CHECK(refusal("GET http://x/ HTTP/1.1\r\nHost:\r\n\r\n") == 400);
}

TEST_CASE("Expect and Connection") {
  CHECK(taken("POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n").expectsContinue);
  CHECK_FALSE(taken("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n").expectsContinue);
  const auto keeps = [](const std::string& version, const std::string& lines) {
    return taken("GET / HTTP/" + version + "\r\n" + lines + "\r\n").request.keepAlive();
  };
  CHECK(keeps("1.1", ""));
  CHECK(keeps("1.1", "Connection: TE\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: Close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: TE, close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: TE\r\nConnection: close\r\n"));
  CHECK_FALSE(keeps("1.0", ""));
  CHECK(keeps("1.0", "Connection: Keep-Alive, TE\r\n"));
  CHECK_FALSE(keeps("1.0", "Connection: Keep-Alive, close\r\n"));
}
