// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "daemon/entries/loader.hpp"
#include "tests/unit/entries/fixture.hpp"

namespace {

std::string program(const std::string& name, const std::string& more) {
  return "[supervisor_program:" + name + "]\nsupervisor = a\ncommand = /bin/true\n" + more;
}

}  // namespace

TEST_CASE("the instance's own parser checks a declared program, and only that program is refused") {
  struct Case {
    const char* line;
    const char* key;
    const char* reason;
  };
  const Case cases[] = {
      {"startsecs = abc", "startsecs", "invalid literal for int() with base 10: 'abc'"},
      {"autorestart = perhaps", "autorestart", "invalid 'autorestart' value 'perhaps'"},
      {"numprocs = 2", "numprocs", "%(process_num) must be present within process_name when numprocs > 1"},
      {"process_name = a/b", "process_name", "Invalid name: 'a/b' because of character: '/'"},
      {"killasgroup = no\nstopasgroup = yes", "killasgroup", "Cannot set stopasgroup=true and killasgroup=false"},
      {"stdout_logfile = /x/%(nosuch)s.log", "stdout_logfile", "nosuch"},
      {"stdout_logfile_maxbytes = 5XB", "stdout_logfile_maxbytes", "invalid literal"},
      {"environment = A", "environment", ""},
      {"user = nobodyatall", "user", "Invalid user name nobodyatall"},
      {"directory = %(ENV_NOSUCH)s", "directory", "ENV_NOSUCH"},
      {"stopsignal = LOUD", "stopsignal", "value 'LOUD' is not a valid signal name"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.line);
    const auto loaded = loadText(minimal("a") + program("good", "stdout_logfile = /nowhere/yet/x.log\n") +
                                 program("bad", std::string(one.line) + "\n"));
    REQUIRE(loaded.refused.size() == 1);
    const auto& complaint = loaded.refused[0];
    CHECK(complaint.file == "/nowhere/conf.d/a.conf");
    CHECK(complaint.line == 11);
    CHECK(complaint.section == "supervisor_program:bad");
    CHECK(complaint.key == one.key);
    CHECK(complaint.reason.find(one.reason) != std::string::npos);
    REQUIRE(loaded.entries.size() == 1);
    REQUIRE(loaded.entries[0].declared.size() == 1);
    CHECK(loaded.entries[0].declared[0].name == "good");
    CHECK(loaded.entries[0].refusedDeclared == std::vector<std::string>{"bad_prg.ini"});
  }
}

TEST_CASE("the keys that Supervisor does not have pass, and are checked") {
  const auto text = [](const char* delay) {
    return minimal("a") + program("p", std::string("restart_delay = ") + delay + "\n");
  };
  const auto good = loadText(text("500ms"));
  CHECK(good.refused.empty());
  CHECK(good.warnings.empty());
  REQUIRE(good.entries.at(0).declared.size() == 1);
  const auto& keys = good.entries[0].declared[0].keys;
  CHECK(std::find(keys.begin(), keys.end(), std::pair<std::string, std::string>("restart_delay", "500ms")) !=
        keys.end());
  const auto bad = loadText(text("soon"));
  REQUIRE(bad.refused.size() == 1);
  CHECK(bad.refused[0].key == "restart_delay");
  CHECK(bad.refused[0].line == 7);
}

TEST_CASE("an empty value may take back what a section gives that is not known here") {
  const auto loaded =
      loadText(minimal("a") + program("p", "ready =\nnice =\nuser =\nhealth_interval = 5\nready_timeout = 5\n"));
  CHECK(loaded.refused.empty());
  CHECK(loaded.warnings.empty());
}

TEST_CASE("what the members of a declared group take from it is checked") {
  const auto text = [](const char* line) {
    return minimal("a") + program("p", "") + "[supervisor_group:g]\nsupervisor = a\nprograms = p\n" + line + "\n";
  };
  const auto good = loadText(text("startsecs = 5\nstdout_logfile_maxbytes = 0"));
  CHECK(good.refused.empty());
  CHECK(good.warnings.empty());
  const auto bad = loadText(text("startsecs = soon"));
  REQUIRE(bad.refused.size() == 1);
  CHECK(bad.refused[0].section == "supervisor_group:g");
  CHECK(bad.refused[0].key == "startsecs");
  CHECK(bad.refused[0].line == 10);
}

TEST_CASE("values of a declared program are expanded as in its instance") {
  const auto loaded = loadText(minimal("a", "environment = COLOUR=red\n") +
                               program("p",
                                       "directory = %(ENV_HOME)s/%(program_name)s\n"
                                       "stdout_logfile = %(here)s/%(ENV_COLOUR)s_%(process_num)d.log\n"
                                       "process_name = %(program_name)s_%(process_num)02d\nnumprocs = 3\n"));
  CHECK(loaded.refused.empty());
  // A custom template may give [supervisord] an environment that is unknown here.
  const auto own =
      loadText(minimal("a", "conf_file_src = /nowhere/own.template\n") + program("p", "startsecs = %(ENV_SECONDS)s\n"));
  CHECK(own.refused.empty());
}

TEST_CASE("keys of Supervisor 2 and warnings of the instance's parser are warnings") {
  const auto loaded =
      loadText(minimal("a") + program("p", "logfile = /x.log\n") + program("q", "stdout_logfile_maxbytes = 0\n"));
  CHECK(loaded.refused.empty());
  REQUIRE(loaded.warnings.size() == 2);
  CHECK(loaded.warnings[0].key == "logfile");
  CHECK(loaded.warnings[0].reason == "is from Supervisor 2: today it is stdout_logfile");
  CHECK(loaded.warnings[1].section == "supervisor_program:q");
  CHECK(loaded.warnings[1].reason.find("AUTO logging used for stdout_logfile without rollover") != std::string::npos);
}

TEST_CASE("only a group with a wrong value or a refused program is refused") {
  auto loaded = loadText(minimal("a") + program("p", "") +
                         "[supervisor_group:g]\nsupervisor = a\nprograms = p\npriority = high\n");
  REQUIRE(loaded.refused.size() == 1);
  CHECK(loaded.refused[0].key == "priority");
  CHECK(loaded.entries[0].declared.size() == 1);

  loaded = loadText(minimal("a") + "[supervisor_group:g]\nsupervisor = a\nprograms = p, q\n" + program("p", "") +
                    program("q", "startsecs = x\n"));
  REQUIRE(loaded.refused.size() == 2);
  CHECK(loaded.refused[1].section == "supervisor_group:g");
  CHECK(loaded.refused[1].line == 6);
  CHECK(loaded.refused[1].reason == "names program 'q', which is refused");
  REQUIRE(loaded.entries[0].declared.size() == 1);
  CHECK(loaded.entries[0].declared[0].name == "p");
}

TEST_CASE("a declaration that is refused stays as it was deployed") {
  const auto before = loadText(minimal("a") + program("p", "startsecs = 5\n"));
  REQUIRE(before.entries.size() == 1);
  entries::LoadOptions options;
  options.configFile = "/nowhere/supervisor-manager.conf";
  options.confDir = "/nowhere/conf.d";
  options.overlay["/nowhere/conf.d/a.conf"] = minimal("a") + program("p", "startsecs = abc\n");
  options.deployed.push_back(&before.entries[0]);
  const auto loaded = entries::load(options);
  CHECK(loaded.refused.size() == 1);
  REQUIRE(loaded.entries.size() == 1);
  REQUIRE(loaded.entries[0].declared.size() == 1);
  CHECK(loaded.entries[0].declared[0].keys == before.entries[0].declared[0].keys);
}
