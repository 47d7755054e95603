// SPDX-License-Identifier: MIT
// A wrong depends_on costs only the program that has it.
#include <doctest/doctest.h>

#include <algorithm>

#include "daemon/entries/loader.hpp"
#include "tests/unit/entries/fixture.hpp"

namespace {

std::string one(const std::string& name, const std::string& more = "") {
  return "[supervisor_program:" + name + "]\nsupervisor = a\ncommand = /bin/true\n" + more;
}

std::string names(const entries::Loaded& loaded) {
  std::string out;
  REQUIRE(loaded.entries.size() == 1);
  for (const auto& declared : loaded.entries[0].declared) out += (out.empty() ? "" : " ") + declared.name;
  return out;
}

std::vector<std::string> complaints(const entries::Loaded& loaded) {
  std::vector<std::string> out;
  for (const auto& complaint : loaded.refused) out.push_back(complaint.text());
  return out;
}

/// Loads `text` where the entry of `before` is deployed.
entries::Loaded loadAfter(const entries::Loaded& before, const std::string& text) {
  entries::LoadOptions options;
  options.configFile = "/nowhere/supervisor-manager.conf";
  options.confDir = "/nowhere/conf.d";
  options.overlay["/nowhere/conf.d/a.conf"] = text;
  options.deployed.push_back(&before.entries.at(0));
  return entries::load(options);
}

using Texts = std::vector<std::string>;
constexpr const char* kPlace = "/nowhere/conf.d/a.conf:";

}  // namespace

TEST_CASE("a program that depends on an unknown one is refused alone") {
  const auto loaded =
      loadText(minimal("a") + one("db") + one("app", "depends_on = dbb\n") + one("web", "depends_on = db\n"));
  CHECK(names(loaded) == "db web");
  CHECK(complaints(loaded) ==
        Texts{std::string(kPlace) + "10: [supervisor_program:app] depends_on: there is no program "
                                    "'dbb'; did you mean db?"});
}

TEST_CASE("a cycle costs its programs, and those that depend on them") {
  const auto loaded = loadText(minimal("a") + one("x", "depends_on = y\n") + one("y", "depends_on = x\n") +
                               one("z", "depends_on = y:started\n") + one("me", "depends_on = me\n") + one("good"));
  CHECK(names(loaded) == "good");
  const auto texts = complaints(loaded);
  REQUIRE(texts.size() == 4);
  CHECK(texts[0] == std::string(kPlace) +
                        "7: [supervisor_program:x] depends_on: these programs wait for each other: x "
                        "-> y -> x");
  CHECK(texts[1] == std::string(kPlace) + "11: [supervisor_program:y] depends_on: depends on 'x', which is refused");
  CHECK(texts[2] == std::string(kPlace) + "15: [supervisor_program:z] depends_on: depends on 'y', which is refused");
  CHECK(texts[3] == std::string(kPlace) + "19: [supervisor_program:me] depends_on: me depends on itself");
}

TEST_CASE("members of declared groups, their defaults, and numbered processes are found") {
  const auto group = "[supervisor_group:g]\nsupervisor = a\nprograms = p\n";
  CHECK(loadText(minimal("a") + group + one("p") + one("q", "depends_on = g:p, g:*:started\n")).refused.empty());
  const auto many = one("n", "numprocs = 2\nprocess_name = n%(process_num)d\n");
  CHECK(loadText(minimal("a") + many + one("q", "depends_on = n, n:n1\n")).refused.empty());
  auto loaded = loadText(minimal("a") + group + "depends_on = nope\n" + one("p"));
  CHECK(complaints(loaded) ==
        Texts{std::string(kPlace) + "8: [supervisor_program:p] depends_on: there is no program 'nope'",
              std::string(kPlace) + "6: [supervisor_group:g] programs: names program 'p', which is refused"});
  CHECK(names(loaded).empty());
  loaded = loadText(minimal("a") + one("p") + one("q", "depends_on = p:healthy\n"));
  CHECK(complaints(loaded) == Texts{std::string(kPlace) + "10: [supervisor_program:q] depends_on: p has neither "
                                                          "health_check nor watchdog, so it is never healthy"});
}

TEST_CASE("names are not judged where the instance may have other programs") {
  const auto entry = minimal("a", "conf_file_src = file:///etc/x.conf\n");
  CHECK(loadText(entry + one("p", "depends_on = theirs\n")).refused.empty());
  CHECK(loadText(entry + one("p", "depends_on = p\n")).refused.size() == 1);
}

TEST_CASE("what is refused stays as it was deployed, with what it needs") {
  const auto before = loadText(minimal("a") + one("base") + one("db", "depends_on = base\n") +
                               one("app", "depends_on = db\n") + one("old"));
  REQUIRE(before.refused.empty());
  // Now changed to something wrong.
  auto loaded = loadAfter(before, minimal("a") + one("base") + one("db", "depends_on = app\n") +
                                      one("app", "depends_on = db\nstartsecs = 9\n") + one("new"));
  CHECK(loaded.refused.size() == 1);
  CHECK(names(loaded) == "base app new db");
  // Now without what it depends on.
  loaded = loadAfter(before, minimal("a") + one("app", "depends_on = db\nstartsecs = 9\n") + one("new"));
  CHECK(complaints(loaded) ==
        Texts{std::string(kPlace) + "7: [supervisor_program:app] depends_on: there is no program 'db'"});
  CHECK(names(loaded) == "new app db base");
}
