// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "daemon/entries/loader.hpp"
#include "tests/unit/entries/fixture.hpp"

TEST_CASE("a new entry does not get a deployed name, wherever its file sorts") {
  const auto port = std::string("http_server.endpoint = 127.0.0.1:9001\n");
  const auto deployed = loadTexts({{"b.conf", minimal("b", port)}}).entries;
  REQUIRE(deployed.size() == 1);
  entries::LoadOptions options;
  options.configFile = "/nowhere/supervisor-manager.conf";
  options.confDir = "/nowhere/conf.d";
  options.deployed = {&deployed[0]};
  options.overlay["/nowhere/conf.d/a.conf"] = minimal("a", port);
  options.overlay["/nowhere/conf.d/b.conf"] = minimal("b", port);
  const auto check = [&](std::size_t accepted) {
    const auto loaded = entries::load(options);
    CHECK(loaded.entries.size() == accepted);
    CHECK(loaded.refusedNames.count("a") == 1);
    bool told = false;
    for (const auto& complaint : loaded.refused)
      told = told || complaint.reason.find("already used by instance 'b'") != std::string::npos;
    CHECK(told);
  };
  check(1);
  SUBCASE("nor while the entry of the other is refused") {
    options.overlay["/nowhere/conf.d/b.conf"] = minimal("b", port + "nice = no\n");
    check(0);
  }
  SUBCASE("nor while its file cannot be parsed") {
    options.overlay["/nowhere/conf.d/b.conf"] = "no configuration\n";
    check(0);
  }
  SUBCASE("nor by a change of its own") {
    const auto a = loadTexts({{"a.conf", minimal("a")}}).entries;
    REQUIRE(a.size() == 1);
    options.deployed.push_back(&a[0]);
    check(1);
  }
}

TEST_CASE("an entry for another host does not keep its name here") {
  const std::string there = minimal("a", "scope = elsewhere\n");
  const std::string here = minimal("a", "nice = 5\n") + "[supervisor_program:p]\nsupervisor = a\ncommand = /bin/true\n";
  for (const auto& [first, second] : {std::pair(there, here), std::pair(here, there)}) {
    const auto loaded = loadTexts({{"1.conf", first}, {"2.conf", second}});
    CHECK(loaded.refused.empty());
    REQUIRE(loaded.entries.size() == 1);
    CHECK(loaded.entries[0].declared.size() == 1);
  }
}

TEST_CASE("a name belongs to the file that it is deployed from, while that file has it") {
  const auto deployed = loadTexts({{"b.conf", minimal("b")}}).entries;
  REQUIRE(deployed.size() == 1);
  entries::LoadOptions options;
  options.configFile = "/nowhere/supervisor-manager.conf";
  options.confDir = "/nowhere/conf.d";
  options.deployed = {&deployed[0]};
  options.overlay["/nowhere/conf.d/a.conf"] = minimal("b", "nice = 5\n");
  const auto fileOf = [&] {
    const auto loaded = entries::load(options);
    return loaded.entries.empty() ? std::string() : loaded.entries[0].origin.file;
  };
  CHECK(fileOf() == "/nowhere/conf.d/a.conf");  // moved
  options.overlay["/nowhere/conf.d/b.conf"] = minimal("b");
  CHECK(fileOf() == "/nowhere/conf.d/b.conf");
  options.overlay["/nowhere/conf.d/b.conf"] = minimal("b", "scope = elsewhere\n");
  CHECK(fileOf() == "/nowhere/conf.d/a.conf");
  options.overlay["/nowhere/conf.d/b.conf"] = minimal("b", "when = perhaps\n");
  CHECK(fileOf().empty());  // refused: it keeps running unchanged
  options.overlay["/nowhere/conf.d/b.conf"] = "no configuration\n";
  CHECK(fileOf().empty());
}
