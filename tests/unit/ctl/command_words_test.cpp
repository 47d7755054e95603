// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/command_words.hpp"

#include <doctest/doctest.h>

#include "ctl/supervisorctl/unknown_option.hpp"

namespace {

ctl::CommandWords sorted(std::string_view text) {
  auto words = ctl::sortWords(text, {"--json", "--wait", "--timeout", "--watch"});
  REQUIRE(words.has_value());
  return std::move(words).value();
}

}  // namespace

TEST_CASE("options may be anywhere among the names") {
  const ctl::CommandWords words = sorted("a --json b --timeout 5 c");
  CHECK(words.names == std::vector<std::string>{"a", "b", "c"});
  CHECK(words.json);
  CHECK(words.timeout == 5);
  CHECK(words.waitFor == "RUNNING");
}

TEST_CASE("the state after --wait is optional, and a name is not read as a state") {
  CHECK(sorted("--wait stopped a").waitFor == "STOPPED");
  CHECK(sorted("--wait a").waitFor == "RUNNING");
  CHECK(sorted("--wait a").names == std::vector<std::string>{"a"});
  CHECK(sorted("--wait=fatal").waitFor == "FATAL");
  CHECK_FALSE(sorted("a").waitFor.has_value());
}

TEST_CASE("the pause after --watch is optional") {
  CHECK(sorted("--watch a").watch == 2);
  CHECK(sorted("--watch 7 a").watch == 7);
  CHECK(sorted("--watch 7 a").names == std::vector<std::string>{"a"});
}

TEST_CASE("a word that is not an option of the command is a name") {
  CHECK(sorted("--parallel -x").names == std::vector<std::string>{"--parallel", "-x"});
}

TEST_CASE("the error about a wrong value names the option") {
  for (const char* text : {"--timeout", "--timeout x", "--timeout=-1", "--watch=0", "--wait=UP", "--json=1"})
    CHECK_FALSE(ctl::sortWords(text, {"--json", "--wait", "--timeout", "--watch"}).has_value());
  CHECK(ctl::sortWords("--timeout 99999999999", {"--timeout"}).error().text ==
        "Error: --timeout requires a number of seconds");
}

TEST_CASE("a word that looks like an option and is none is left to the one who knows the names") {
  CHECK(ctl::sortWords("--tiemout 3 all", {"--timeout"})->names == std::vector<std::string>{"--tiemout", "3", "all"});
  CHECK(ctl::sortWords("timeout", {"--timeout"})->names == std::vector<std::string>{"timeout"});
  CHECK(ctl::looksLikeOption("--x"));
  for (const char* text : {"--", "-x", "x--y", ""}) CHECK_FALSE(ctl::looksLikeOption(text));
}

TEST_CASE("the error about an unknown option names the one that is meant, or those that there are") {
  CHECK(ctl::unknownOption("--tiemout=3", "stop", "--timeout --wait") ==
        "Error: unknown option --tiemout; did you mean --timeout?");
  CHECK(ctl::unknownOption("--rolling", "start", "--parallel --wait --timeout") ==
        "Error: unknown option --rolling; start has --parallel, --wait and --timeout");
  CHECK(ctl::unknownOption("--now", "reread", "--verbose") == "Error: unknown option --now; reread has --verbose");
  CHECK(ctl::unknownOption("--now", "disable", "") == "Error: unknown option --now; disable has no options");
}
