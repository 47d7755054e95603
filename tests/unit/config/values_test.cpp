// SPDX-License-Identifier: MIT
#include "lib/dialect/values.hpp"

#include <doctest/doctest.h>

#include <csignal>

namespace {

template <class T>
std::string reason(const core::Expected<T>& value) {
  return value ? "(accepted)" : value.error().text;
}

}  // namespace

TEST_CASE("booleans") {
  for (const auto* yes : {"yes", "TRUE", "On", "1"}) CHECK(*config::parseBoolean(yes));
  for (const auto* no : {"no", "False", "OFF", "0"}) CHECK_FALSE(*config::parseBoolean(no));
  CHECK(reason(config::parseBoolean("maybe")) == "not a valid boolean value: 'maybe'");
  CHECK_FALSE(config::parseBoolean(" true"));
}

TEST_CASE("integers are Python's") {
  CHECK(*config::parseInteger(" +1_000 ") == 1000);
  CHECK(*config::parseInteger("-007") == -7);
  for (const auto* bad : {"", "x", "1.5", "0x10", "1__0", "_1", "1_", "+-1"})
    CHECK(reason(config::parseInteger(bad)) == "invalid literal for int() with base 10: '" + std::string(bad) + "'");
  CHECK(reason(config::parseInteger("4294967296")).find("32 bits") != std::string::npos);
}

TEST_CASE("sizes") {
  CHECK(*config::parseByteSize("50MB") == 50 * 1024 * 1024);
  CHECK(*config::parseByteSize("10 kb") == 10240);
  CHECK(*config::parseByteSize("3GB") == 3LL * 1024 * 1024 * 1024);
  CHECK(*config::parseByteSize("-5") == -5);
  CHECK(reason(config::parseByteSize("1.5MB")) == "invalid literal for int() with base 10: '1.5'");
  CHECK_FALSE(config::parseByteSize("1k"));
  CHECK_FALSE(config::parseByteSize("9999999999999GB"));
}

TEST_CASE("octal numbers") {
  CHECK(*config::parseOctal("022") == 022);
  CHECK(*config::parseOctal("0o700") == 0700);
  CHECK(*config::parseOctal("1_7") == 017);
  CHECK(reason(config::parseOctal("9")) == "9 can not be converted to an octal type");
  CHECK_FALSE(config::parseOctal("-1"));
}

TEST_CASE("signals by number and by every name") {
  CHECK(*config::parseSignal("TERM") == SIGTERM);
  CHECK(*config::parseSignal(" sigusr2 ") == SIGUSR2);
  CHECK(*config::parseSignal("9") == SIGKILL);
  CHECK(*config::parseSignal("CLD") == SIGCHLD);
  CHECK(*config::parseSignal("poll") == SIGIO);
  CHECK(*config::parseSignal("IOT") == SIGABRT);
  CHECK(*config::parseSignal("SIGRTMAX") == SIGRTMAX);
  CHECK(reason(config::parseSignal("nope")) == "value 'nope' is not a valid signal name");
  CHECK(reason(config::parseSignal("40")) == "value '40' is not a valid signal number");
}

TEST_CASE("exit codes, autorestart, log level") {
  CHECK(*config::parseExitCodes("0, 2") == std::vector<int>{0, 2});
  CHECK(config::parseExitCodes("")->empty());
  CHECK(reason(config::parseExitCodes("0,256")) == "not a valid list of exit codes: '0,256'");
  CHECK(*config::parseAutoRestart("Unexpected") == config::AutoRestart::Unexpected);
  CHECK(*config::parseAutoRestart("on") == config::AutoRestart::Always);
  CHECK(reason(config::parseAutoRestart("Always")) == "invalid 'autorestart' value 'always'");
  CHECK(*config::parseLogLevel("BLATHER") == logging::Level::Blather);
  CHECK(reason(config::parseLogLevel("warning")) == "bad logging level name 'warning'");
}

TEST_CASE("accounts") {
  CHECK(*config::parseUser("root") == 0);
  CHECK(*config::parseUser("0") == 0);
  CHECK(reason(config::parseUser("no-such-user")) == "Invalid user name no-such-user");
  CHECK(reason(config::parseUser("987654321")) == "Invalid user id 987654321");
  CHECK(*config::parseOwner("root:root") == std::pair<uid_t, gid_t>(0, 0));
  CHECK(config::parseOwner("root")->second == static_cast<gid_t>(-1));
  CHECK(reason(config::parseOwner("root:no-such-group")) == "Invalid group name no-such-group");
}

TEST_CASE("paths and names") {
  CHECK(*config::parseFilePath("x.log") == "x.log");
  CHECK(*config::parseFilePath("~root/x.log") == "/root/x.log");
  CHECK(reason(config::parseFilePath("/nonexistent/x")) ==
        "The directory named as part of the path /nonexistent/x does not exist");
  CHECK(reason(config::parseDirectory("/nonexistent")) == "/nonexistent is not an existing directory");
  CHECK(*config::parseName(" a.b ") == "a.b");
  CHECK(reason(config::parseName("a b")) == "Invalid name: 'a b' because of character: ' '");
  CHECK(reason(config::parseName("a/b")) == "Invalid name: 'a/b' because of character: '/'");
}

TEST_CASE("addresses") {
  CHECK(config::parseInetAddress("9001")->port == 9001);
  CHECK(config::parseInetAddress("*:9001")->host.empty());
  CHECK(config::parseInetAddress("LocalHost:80")->host == "localhost");
  CHECK(config::parseInetAddress("[::1]:9001")->host == "::1");
  CHECK(config::parseInetAddress("[::]:9001")->host == "::");
  CHECK(reason(config::parseInetAddress("x")) == "not a valid port number: 'x' ");
  CHECK(reason(config::parseInetAddress("h:")) == "no port number specified in ''");
  CHECK(reason(config::parseInetAddress("h:0")) == "0 is below lower bound (1)");
  CHECK(reason(config::parseInetAddress("h:70000")) == "70000 is above upper bound (65535)");
}
