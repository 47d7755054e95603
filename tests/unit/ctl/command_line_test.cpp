// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/command_line.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using Words = std::vector<std::string>;

ctl::CommandLine parsed(const Words& words) {
  auto line = ctl::parseCommandLine(words);
  REQUIRE(line.has_value());
  return std::move(line).value();
}

std::string refused(const Words& words) {
  const auto line = ctl::parseCommandLine(words);
  REQUIRE_FALSE(line.has_value());
  return line.error().text;
}

}  // namespace

TEST_CASE("options end at the first word that is not an option") {
  const ctl::CommandLine line = parsed({"-c", "file", "-sunix:///s", "tail", "-f", "web"});
  CHECK(line.configFile == "file");
  CHECK(line.serverUrl == "unix:///s");
  CHECK(line.action == Words{"tail", "-f", "web"});
  CHECK(parsed({"--", "-c"}).action == Words{"-c"});
  CHECK(parsed({"-", "x"}).action == Words{"-", "x"});
}

TEST_CASE("short options may be joined, long ones abbreviated") {
  const ctl::CommandLine line = parsed({"-iu", "bob", "--pass=a=b", "--conf", "c", "--hist", "h"});
  CHECK(line.interactive);
  CHECK(line.username == "bob");
  CHECK(line.password == "a=b");
  CHECK(line.configFile == "c");
  CHECK(line.historyFile == "h");
  CHECK(parsed({"--history-file", "h"}).historyFile == "h");
  CHECK(parsed({"-?"}).help);
}

TEST_CASE("our own option does not make Supervisor's abbreviations ambiguous") {
  CHECK(parsed({"--password-file", "f"}).passwordFile == "f");
  CHECK(parsed({"--p", "x"}).password == "x");
  CHECK(refused({"--password-f", "f"}) == "option --password-f not recognized");
}

TEST_CASE("errors are Supervisor's") {
  CHECK(refused({"-Z"}) == "option -Z not recognized");
  CHECK(refused({"--h"}) == "option --h not a unique prefix");
  CHECK(refused({"--help=1"}) == "option --help must not have an argument");
  CHECK(refused({"-c"}) == "option -c requires argument");
  CHECK(refused({"--serverurl"}) == "option --serverurl requires argument");
  CHECK(refused({"-u", "a", "--user", "b"}) == "conflicting command line option '--username'");
  CHECK(refused({"-i", "-i"}) == "conflicting command line option '-i'");
  CHECK(refused({"-s", "x"}) == "invalid value for -s 'x': value 'x' is not a URL");
  CHECK(refused({"--serverurl", "it's"}) == "invalid value for --serverurl \"it's\": value \"it's\" is not a URL");
}

TEST_CASE("texts that are accepted as a URL") {
  for (const char* url : {"http://h", "unix:///p", "x:y", "http:///path"}) CHECK(parsed({"-s", url}).serverUrl == url);
  for (const char* url : {"", "h:", "http://", "//h", "1x:y", ":x"})
    CHECK_FALSE(ctl::parseCommandLine(Words{"-s", url}));
}
