// SPDX-License-Identifier: MIT
#include "ctl/supervisor-manager/options.hpp"

#include <doctest/doctest.h>

using manager::parseOptions;
using Words = std::vector<std::string>;

TEST_CASE("options may be before and after the verb") {
  const auto options = parseOptions({"-q", "stop", "--json", "a", "-H", "en1", "b"});
  REQUIRE(options);
  CHECK(options->verb == "stop");
  CHECK(options->arguments == Words{"a", "b"});
  CHECK(options->quiet);
  CHECK(options->json);
  CHECK(options->host == "en1");
}

TEST_CASE("values may be joined or follow, letters may be joined") {
  CHECK(parseOptions({"logs", "-n5"})->lines == 5);
  CHECK(parseOptions({"logs", "-n", "5"})->lines == 5);
  CHECK(parseOptions({"logs", "--lines=5"})->lines == 5);
  CHECK(parseOptions({"logs", "--lines", "5"})->lines == 5);
  const auto both = parseOptions({"logs", "-fqn7"});
  CHECK(both->follow);
  CHECK(both->quiet);
  CHECK(both->lines == 7);
}

TEST_CASE("what follows `ctl NAME` is supervisorctl's") {
  const auto options = parseOptions({"-q", "ctl", "tsupv", "tail", "-f", "--json"});
  CHECK(options->arguments == Words{"tsupv", "tail", "-f", "--json"});
  CHECK_FALSE(options->json);
  CHECK_FALSE(options->follow);
}

TEST_CASE("-- ends the options, - is an argument") {
  CHECK(parseOptions({"stop", "--", "-q"})->arguments == Words{"-q"});
  CHECK(parseOptions({"stop", "-"})->arguments == Words{"-"});
}

TEST_CASE("a wrong option is named") {
  CHECK(parseOptions({"--jsson"}).error().text == "Unknown option --jsson. Did you mean --json?");
  CHECK(parseOptions({"-x"}).error().text == "Unknown option -x.");
  CHECK(parseOptions({"-H"}).error().text == "--host requires a value.");
  CHECK(parseOptions({"--json=yes"}).error().text == "--json does not take a value.");
  CHECK(parseOptions({"-n", "many"}).error().text == "--lines requires a number from 0 to 1000000, not 'many'.");
  CHECK(parseOptions({"-n", "-1"}).error().text == "--lines requires a number from 0 to 1000000, not '-1'.");
}
