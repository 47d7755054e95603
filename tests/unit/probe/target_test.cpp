// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "lib/dialect/probe_target.hpp"

namespace {

using config::ProbeTarget;

ProbeTarget parsed(std::string_view text) {
  const auto target = config::parseProbeTarget(text);
  REQUIRE_MESSAGE(target.has_value(), text);
  return *target;
}

std::string refusal(std::string_view text) {
  const auto target = config::parseProbeTarget(text);
  REQUIRE_MESSAGE(!target.has_value(), text);
  return target.error().text;
}

TEST_CASE("what a probe asks") {
  CHECK(config::toText(parsed("tcp:80")) == "tcp:localhost:80");
  CHECK(config::toText(parsed(" tcp:127.0.0.1:80 ")) == "tcp:127.0.0.1:80");
  CHECK(config::toText(parsed("tcp:[::1]:80")) == "tcp:[::1]:80");
  CHECK(config::toText(parsed("tcp:LOCALHOST:80")) == "tcp:localhost:80");
  CHECK(config::toText(parsed("unix:/run/x y.sock")) == "unix:/run/x y.sock");
  CHECK(config::toText(parsed("unix:@name")) == "unix:@name");
  CHECK(config::toText(parsed("exec:/bin/check 'a b'")) == "exec:/bin/check 'a b'");
  CHECK(config::toText(parsed("http://127.0.0.1/")) == "http://127.0.0.1:80/");
  CHECK(config::toText(parsed("http:http://[::1]:8080/health?deep=1#part")) == "http://[::1]:8080/health?deep=1");
  CHECK(config::toText(parsed("http://localhost:8080")) == "http://localhost:8080/");
  CHECK(config::toText(parsed("http://localhost?a")) == "http://localhost:80/?a");
}

TEST_CASE("the status that a page must have") {
  const auto any = parsed("http://localhost/");
  CHECK(any.leastStatus == 200);
  CHECK(any.greatestStatus == 399);
  const auto one = parsed("http://localhost/ 204");
  CHECK(one.leastStatus == 204);
  CHECK(one.greatestStatus == 204);
  const auto range = parsed("http://localhost/ 200-299");
  CHECK(range.leastStatus == 200);
  CHECK(range.greatestStatus == 299);
}

TEST_CASE("what cannot be a probe is refused with the reason") {
  const auto says = [](std::string_view text, std::string_view part) {
    const auto why = refusal(text);
    CHECK_MESSAGE(why.find(part) != std::string::npos, text, " -> ", why);
  };
  says("", "is not a probe: tcp:");
  says("80", "is not a probe: tcp:");
  says("tcp:", "not a valid port number");
  says("tcp:0", "not a valid port number");
  says("tcp:70000", "port");
  says("tcp:db.example.org:80", "'db.example.org' is neither an address nor localhost");
  says("unix:", "absolute path");
  says("unix:run/x", "absolute path");
  says("unix:@", "absolute path");
  says("unix:/" + std::string(200, 'x'), "at most 107 bytes");
  says("exec:", "not followed by a command");
  says("exec:'", "No closing quotation");
  says("https://localhost/", "https is not supported");
  says("http:https://localhost/", "https is not supported");
  says("http:", "followed by a URL");
  says("http://localhost/ 204 x", "at most one status");
  says("http://localhost/ 99", "not an HTTP status");
  says("http://localhost/ 300-200", "not an HTTP status");
  says("http://localhost/ ok", "not an HTTP status");
  says("http:localhost/", "is not a URL");
  says("http://user:word@localhost/", "user name");
  says("http://example.org/", "neither an address nor localhost");
  says("http://localhost/\x01", "is not a URL");
}

TEST_CASE("which texts are meant as probes") {
  for (const auto* text : {"tcp:x", " unix:/a", "http://a", "exec:a", "https://a"}) CHECK(config::isProbeTarget(text));
  for (const auto* text : {"", "watchdog", "tcp", "notify"}) CHECK_FALSE(config::isProbeTarget(text));
}

}  // namespace
