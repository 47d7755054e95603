// SPDX-License-Identifier: MIT
#include "daemon/entries/loader.hpp"

#include <doctest/doctest.h>

#include "tests/unit/entries/fixture.hpp"

using entries::WantedState;

TEST_CASE("an entry with user and group alone has every default") {
  const auto loaded = loadText(minimal("tsupv"));
  CHECK(loaded.refused.empty());
  CHECK(loaded.warnings.empty());
  REQUIRE(loaded.entries.size() == 1);
  const auto& e = loaded.entries[0];
  CHECK(e.name == "tsupv");
  CHECK(e.owner.name == "nobody");
  CHECK(e.group == "nogroup");
  CHECK(e.confFile == "/etc/supervisord_tsupv.conf");
  CHECK(e.includeDir == "/etc/supervisord_tsupv.d");
  CHECK(e.logsDir == "/var/log/supervisor_tsupv");
  CHECK(e.pidFile() == "/run/supervisor_tsupv/supervisord.pid");
  CHECK(e.socketPath() == "/run/supervisor_tsupv/supervisor.sock");
  CHECK(e.supervisorctl == "/usr/bin/supervisorctl_tsupv");
  CHECK(e.enabled);
  CHECK(e.managed);
  CHECK_FALSE(e.noRemove);
  CHECK(e.state == WantedState::Started);
  CHECK_FALSE(e.http);
  CHECK(e.identity.uid == e.owner.uid);
}

TEST_CASE("the relocated instance in the documentation") {
  const auto loaded = loadText(minimal("tech2", R"(conf_file_dst = /opt/tech2/supervisord.conf
logs_dir = /opt/tech2/logs/
pid_dir: /opt/tech2/run
socks_dir = /opt/tech2/pid
include_dir = /opt/tech2/supervisord.d
supervisorctl = /opt/tech2/supervisorctl
)"));
  REQUIRE(loaded.entries.size() == 1);
  CHECK(loaded.entries[0].logsDir == "/opt/tech2/logs");
  CHECK(loaded.entries[0].supervisorctl == "/opt/tech2/supervisorctl");
}

TEST_CASE("/var/run is /run") {
  const auto loaded = loadText(minimal("a", "pid_dir = /var/run/supervisor_a/\n"));
  REQUIRE(loaded.entries.size() == 1);
  CHECK(loaded.entries[0].pidDir == "/run/supervisor_a");
}

TEST_CASE("the web interface: defaults, and the owner as user name when there is a password") {
  auto loaded = loadText(minimal("a", "http_server = yes\n"));
  REQUIRE(loaded.entries.size() == 1);
  REQUIRE(loaded.entries[0].http);
  CHECK(loaded.entries[0].http->endpoint == "127.0.0.1:9001");
  CHECK(loaded.entries[0].http->username.empty());

  loaded = loadText(minimal("a", "http_server.password = {SHA}d033e22ae348aeb5660fc2140aec35850c4da997\n"));
  REQUIRE(loaded.entries.size() == 1);
  REQUIRE(loaded.entries[0].http);
  CHECK(loaded.entries[0].http->username == "nobody");
  CHECK(loaded.entries[0].http->password.starts_with("{SHA}"));

  loaded = loadText(minimal("a", "http_server.username = admin\n"));
  REQUIRE(loaded.entries.size() == 1);
  CHECK(loaded.entries[0].http->username.empty());
  CHECK(loaded.warnings.size() == 1);
}

namespace {

struct Wrong {
  const char* text;
  int line;
  const char* key;
  const char* words;
};

}  // namespace

TEST_CASE("errors have file, line, section, key and reason; other entries are not affected") {
  const Wrong cases[] = {
      {"[supervisor:x]\nuser = no-such-account\ngroup = nogroup\n", 2, "user", "there is no account 'no-such-account'"},
      {"[supervisor:x]\nuser = nobody\n", 1, "group", "is required"},
      {"[supervisor:x]\ngroup = nogroup\n", 1, "user", "is required"},
      {"[supervisor:x]\nuser = nobody\ngroup = no-such-group\n", 3, "group", "there is no group"},
      {"[supervisor:x]\nuser = root\ngroup = root\n", 2, "user", "without privileges"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nstate = running\n", 4, "state", "started, stopped, current"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nenabled = maybe\n", 4, "enabled", "neither yes nor no"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nhttp_server.endpoint = 300.0.0.1:9001\n", 4,
       "http_server.endpoint", "HOST:PORT"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nhttp_server.endpoint = 127.0.0.1:70000\n", 4,
       "http_server.endpoint", "HOST:PORT"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nhttp_server.allowed_hosts = a.org, http://b.org\n", 4,
       "http_server.allowed_hosts", "is not the name of a host"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nhttp_server.password = {SHA}abc\n", 4, "http_server.password",
       "40 hexadecimal digits"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nlogs_dir = logs\n", 4, "logs_dir", "not an absolute path"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nlogs_dir = /var/log/../../etc\n", 4, "logs_dir", "'..'"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nlogs_dir = /etc\n", 1, "logs_dir", "directory of the system"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nlogs_dir = /etc/supervisor-manager/conf.d\n", 1, "logs_dir",
       "no instance may have files"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nconf_file_dst = /opt/%(here)s.conf\n", 4, "conf_file_dst",
       "misread"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nmemory_max = lots\n", 4, "memory_max", "not an amount"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nnice = 40\n", 4, "nice", "-20 to 19"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nwhen = perhaps\n", 1, "when", "neither yes nor no"},
      {"[supervisor:x/y]\nuser = nobody\ngroup = nogroup\n", 1, "", "cannot be a name"},
      {"[supervisor:x]\nuser = nobody\ngroup = nogroup\nenvironment = NOTIFY_SOCKET=/tmp/x\n", 4, "environment",
       "the manager's own"},
  };
  for (const auto& wrong : cases) {
    CAPTURE(wrong.text);
    const auto loaded = loadTexts({{"bad.conf", wrong.text}, {"good.conf", minimal("good")}});
    REQUIRE(loaded.refused.size() == 1);
    const auto& complaint = loaded.refused[0];
    CHECK(complaint.file == "/nowhere/conf.d/bad.conf");
    if (std::string(wrong.key) != "when") CHECK(complaint.line == wrong.line);
    CHECK(complaint.key == wrong.key);
    CHECK(complaint.reason.find(wrong.words) != std::string::npos);
    CHECK(loaded.refusedNames.size() == 1);
    REQUIRE(loaded.entries.size() == 1);
    CHECK(loaded.entries[0].name == "good");
  }
}

TEST_CASE("of two entries with one name the first is used") {
  const auto loaded =
      loadTexts({{"a.conf", minimal("x", "priority = 1\n")}, {"b.conf", minimal("x", "priority = 2\n")}});
  REQUIRE(loaded.entries.size() == 1);
  CHECK(loaded.entries[0].priority == 1);
  REQUIRE(loaded.refused.size() == 1);
  CHECK(loaded.refused[0].file == "/nowhere/conf.d/b.conf");
  CHECK(loaded.refused[0].reason.find("a.conf") != std::string::npos);
}

TEST_CASE("a section written twice in one file counts once, and its keys do not mix") {
  const auto loaded = loadText(minimal("x", "priority = 1\n") + minimal("x", "priority = 2\n") + minimal("y"));
  REQUIRE(loaded.entries.size() == 2);
  CHECK(loaded.entries[0].priority == 1);
  REQUIRE(loaded.refused.size() == 1);
  CHECK(loaded.refused[0].line == 5);
}

TEST_CASE("paths and endpoints of two instances must not overlap") {
  const std::pair<const char*, const char*> cases[] = {
      {"logs_dir = /srv/one/logs\n", "logs_dir = /srv/one/logs\n"},
      {"logs_dir = /srv/one/logs\n", "pid_dir = /srv/one/logs/deep\n"},
      {"logs_dir = /srv/one/logs/deep\n", "include_dir = /srv/one/logs\n"},
      {"conf_file_dst = /srv/one.conf\n", "conf_file_dst = /srv/one.conf\n"},
      {"logs_dir = /srv/one\n", "supervisorctl = /srv/one/ctl\n"},
      {"http_server.endpoint = *:9001\n", "http_server.endpoint = 127.0.0.1:9001\n"},
  };
  for (const auto& pair : cases) {
    const auto& [first, second] = pair;
    CAPTURE(pair.second);
    const auto loaded = loadTexts({{"a.conf", minimal("one", first)}, {"b.conf", minimal("two", second)}});
    REQUIRE(loaded.entries.size() == 1);
    CHECK(loaded.entries[0].name == "one");
    REQUIRE(loaded.refused.size() == 1);
    CHECK(loaded.refused[0].reason.find("instance 'one'") != std::string::npos);
  }
  CHECK(loadTexts({{"a.conf", minimal("one", "logs_dir = /srv/a\npid_dir = /srv/a/run\n")},
                   {"b.conf", minimal("two", "logs_dir = /srv/ab\nhttp_server.endpoint = 127.0.0.1:9002\n")}})
            .refused.empty());
}

TEST_CASE("scope, host groups and when select the entries for this host") {
  const std::string group = "[host_group:edge]\nhosts = EN1, en2\n[host_group:all_edges]\nhosts = edge\n";
  for (const char* scope : {"all", "en1", "EN1.mycluster.com", "other:en1", "edge", "all_edges", "x:edge"})
    CHECK(loadText(group + minimal("a", std::string("scope = ") + scope + "\n")).entries.size() == 1);
  for (const char* scope : {"en2", "en1.other.com", "edgy", "en"}) {
    const auto loaded = loadText(group + minimal("a", std::string("scope = ") + scope + "\nlogs_dir = junk\n"));
    CHECK(loaded.entries.empty());
    CHECK(loaded.refused.empty());  // not for this host: its other keys are not checked
  }
  CHECK(loadText(minimal("a", "when = no\n")).entries.empty());
  CHECK(loadText(minimal("a", "when = True\n")).entries.size() == 1);
}

TEST_CASE("an unknown key or section is a warning with a suggestion") {
  auto loaded = loadText(minimal("a", "log_dir = /srv/a\n"));
  CHECK(loaded.entries.size() == 1);
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings[0].line == 4);
  CHECK(loaded.warnings[0].reason.find("'logs_dir'") != std::string::npos);
  loaded = loadText("[superviser:a]\nuser = x\n");
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings[0].reason.find("[supervisor:NAME]") != std::string::npos);
}

TEST_CASE("programs and groups belong to their instance") {
  const auto loaded = loadText(minimal("tsupv") + R"([supervisor_program:program1]
supervisor = tsupv
command = /bin/bash /opt/tsup/program1.sh
enabled = no
[supervisor_group:web]
supervisor = tsupv
programs = program1
[supervisor_program:lost]
supervisor = nowhere
command = /bin/true
[supervisor_program:bare]
supervisor = tsupv
)");
  REQUIRE(loaded.entries.size() == 1);
  const auto& declared = loaded.entries[0].declared;
  REQUIRE(declared.size() == 2);
  CHECK(declared[0].fileName() == "program1_prg.ini");
  CHECK(declared[0].keys == std::vector<std::pair<std::string, std::string>>{
                                {"command", "/bin/bash /opt/tsup/program1.sh"}, {"autostart", "false"}});
  CHECK(declared[1].fileName() == "web_grp.ini");
  REQUIRE(loaded.refused.size() == 2);
  CHECK(loaded.refused[0].reason.find("[supervisor:nowhere]") != std::string::npos);
  CHECK(loaded.refused[1].key == "command");
  CHECK(loaded.entries[0].refusedDeclared == std::vector<std::string>{"bare_prg.ini"});
}

TEST_CASE("a file that cannot be parsed is one error, and the other files are used") {
  const auto loaded = loadTexts({{"a.conf", "user = x\n[supervisor:a]\n"}, {"b.conf", minimal("b")}});
  CHECK(loaded.entries.size() == 1);
  REQUIRE(loaded.refused.size() == 1);
  CHECK(loaded.brokenFiles.count("/nowhere/conf.d/a.conf") == 1);
}

TEST_CASE("without root only entries of the own account are used") {
  entries::LoadOptions options;
  options.configFile = "/nowhere/c.conf";
  options.confDir = "/nowhere/conf.d";
  options.onlyUid = 12345;
  options.overlay["/nowhere/conf.d/a.conf"] = minimal("a");
  const auto loaded = entries::load(options);
  CHECK(loaded.entries.empty());
  REQUIRE(loaded.refused.size() == 1);
  CHECK(loaded.refused[0].key == "user");
}

TEST_CASE("the root prefix is part of every path") {
  entries::LoadOptions options;
  options.root = "/tmp/r";
  options.configFile = "/tmp/r/c.conf";
  options.confDir = "/tmp/r/conf.d";
  options.overlay["/tmp/r/conf.d/a.conf"] = minimal("a", "logs_dir = /srv/logs\n");
  const auto loaded = entries::load(options);
  REQUIRE(loaded.entries.size() == 1);
  CHECK(loaded.entries[0].logsDir == "/tmp/r/srv/logs");
  CHECK(loaded.entries[0].confFile == "/tmp/r/etc/supervisord_a.conf");
}

TEST_CASE("settings of the manager") {
  const auto loaded = loadTexts({}, "[supervisor-manager]\nstop_timeout = 5\nstart_limit = x\nlog_leve = debug\n");
  CHECK(loaded.settings.stopTimeout == core::seconds(5));
  CHECK(loaded.settings.startLimit == 5);
  REQUIRE(loaded.refused.size() == 1);
  CHECK(
      loaded.refused[0].text() ==
      "/nowhere/supervisor-manager.conf:3: [supervisor-manager] start_limit: 'x' is not a whole number from 1 to 1000");
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings[0].reason.find("'log_level'") != std::string::npos);
}

TEST_CASE("limits, umask, environment and groups of the process") {
  const auto loaded = loadText(minimal("a", R"(memory_max = 512M
cpu_max = 50%
tasks_max = infinity
limit_nofile = 4096
umask = 027
environment = A=1,B="x, y",C='%%'
no_new_privileges = yes
supplementary_groups = adm daemon
)"));
  REQUIRE(loaded.entries.size() == 1);
  const auto& e = loaded.entries[0];
  CHECK(e.limits.memoryMax == 512ULL << 20);
  CHECK(e.limits.cpuMax == "50000 100000");
  CHECK_FALSE(e.limits.tasksMax);
  CHECK(e.execution.limits == std::vector<std::pair<int, rlim_t>>{{RLIMIT_NOFILE, 4096}});
  CHECK(e.execution.umask == 027);
  CHECK(e.execution.environment ==
        std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", "x, y"}, {"C", "%%"}});
  CHECK(e.execution.noNewPrivileges);
  CHECK(e.identity.groups.size() >= 3);
}
