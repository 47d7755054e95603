// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/completion.hpp"

#include <doctest/doctest.h>

#include "ctl/supervisorctl/command.hpp"

namespace {

std::vector<std::string> complete(std::string_view line) {
  std::vector<ctl::ProcessInfo> infos(2);
  infos[0].name = infos[0].group = "cat";
  infos[1].name = "web_0";
  infos[1].group = "web";
  return ctl::candidates(ctl::splitForCompletion(line), infos);
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("the first word is a command") {
  CHECK(complete("sta") == Words{"start", "status"});
  // All but those without a help, which are not for people.
  Words all;
  for (const auto& command : ctl::commandTable())
    if (!command.help.empty() || command.listed) all.emplace_back(command.name);
  CHECK(complete("") == all);
  CHECK(complete("dis") == Words{"disable"});
  CHECK(complete("EO") == Words{});
  CHECK(complete("__") == Words{});
}

TEST_CASE("the next words are arguments of the command") {
  CHECK(complete("start ") == Words{"cat", "web:web_0", "web:*"});
  CHECK(complete("start cat we") == Words{"web:web_0", "web:*"});
  CHECK(complete("start cat:") == Words{"cat:cat", "cat:*"});
  CHECK(complete("update ") == Words{"cat", "web"});
  CHECK(complete("help vers") == Words{"version"});
  CHECK(complete("version ") == Words{});
  CHECK(complete("nonsense ") == Words{});
  CHECK(complete("signal U") == Words{"USR1", "USR2"});
  CHECK(complete("signal USR1 c") == Words{"cat"});
  CHECK(complete("stop --p") == Words{"--parallel"});
}

TEST_CASE("only the completion of names needs the server") {
  const auto needs = [](std::string_view line) { return ctl::needsProcesses(ctl::splitForCompletion(line)); };
  CHECK(needs("start "));
  CHECK(needs("add x"));
  CHECK_FALSE(needs("sta"));
  CHECK_FALSE(needs("start --"));
  CHECK_FALSE(needs("help "));
  CHECK_FALSE(needs("signal "));
  CHECK(needs("signal HUP "));
}
