// SPDX-License-Identifier: MIT
// Configurations of Supervisor 2.
#include "tests/unit/config/scratch.hpp"

using config::LogSettings;

TEST_CASE("http_port is a server, and enables the supervisor interface") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "http_port=/tmp/"
      "s2.sock\nsockchmod=0770\nsockchown=root.root\nhttp_username=u\nhttp_password=p\n[program:x]\ncommand=x\n");
  REQUIRE(loaded);
  REQUIRE(loaded->servers.size() == 1);
  const auto& server = loaded->servers[0];
  CHECK(server.unixSocket);
  CHECK(server.path == "/tmp/s2.sock");
  CHECK(server.mode == 0770);
  CHECK(server.owner == std::pair<uid_t, gid_t>(0, 0));
  CHECK(server.username == "u");
  REQUIRE(loaded->interfaces.size() == 1);
  CHECK(loaded->interfaces[0].name == "supervisor");
  for (const auto* key : {"http_port", "sockchmod", "sockchown", "http_username", "http_password"})
    CHECK(says(*loaded, "Key '" + std::string(key) + "' is from Supervisor 2 (use "));
}

TEST_CASE("http_port as an address") {
  Scratch scratch;
  const auto loaded = scratch.load("http_port=127.0.0.1:9001\nsockchown=no.body\n");
  REQUIRE(loaded);
  CHECK_FALSE(loaded->servers.at(0).unixSocket);
  CHECK(loaded->servers.at(0).host == "127.0.0.1");
  CHECK(loaded->servers.at(0).port == 9001);
}

TEST_CASE("one log for both channels") {
  Scratch scratch;
  const auto loaded = scratch.load(
      "[program:both]\ncommand=x\nlog_stdout=true\nlog_stderr=true\nlogfile=/tmp/"
      "p.log\nlogfile_maxbytes=10MB\nlogfile_backups=2\n"
      "[program:err]\ncommand=x\nlog_stdout=false\nlog_stderr=true\nlogfile=/tmp/p.log\n"
      "[program:none]\ncommand=x\nlog_stdout=false\n"
      "[program:out]\ncommand=x\nlogfile=/tmp/p.log\nlogfile_backups=0\n"
      "[program:today]\ncommand=x\nlogfile=/tmp/p.log\nstdout_logfile=/tmp/t.log\n");
  REQUIRE(loaded);
  const auto& both = *loaded->groups[0]->processes[0];
  CHECK(both.redirectStderr);
  CHECK(both.out.path == "/tmp/p.log");
  CHECK(both.out.maxBytes == 10 * 1024 * 1024);
  CHECK(both.out.backups == 2);
  CHECK(both.err.target == LogSettings::Target::None);
  const auto& err = *loaded->groups[1]->processes[0];
  CHECK(err.out.target == LogSettings::Target::None);
  CHECK(err.err.path == "/tmp/p.log");
  CHECK_FALSE(err.redirectStderr);
  const auto& none = *loaded->groups[2]->processes[0];
  CHECK(none.out.target == LogSettings::Target::None);
  CHECK(none.err.target == LogSettings::Target::None);
  const auto& out = *loaded->groups[3]->processes[0];
  CHECK(out.out.path == "/tmp/p.log");
  CHECK(out.out.backups == config::kUnlimitedBackups);
  CHECK(out.err.target == LogSettings::Target::None);
  const auto& today = *loaded->groups[4]->processes[0];
  CHECK(today.out.path == "/tmp/t.log");
  CHECK(today.err.target == LogSettings::Target::Auto);
  CHECK(says(*loaded,
             "Key 'log_stderr' is from Supervisor 2 (use redirect_stderr or stderr_logfile) in section "
             "'program:both'"));
}
