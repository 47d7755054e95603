// SPDX-License-Identifier: MIT
#include "daemon/layout/plan.hpp"

#include <doctest/doctest.h>

#include "lib/core/ini.hpp"
#include "tests/unit/entries/fixture.hpp"

namespace {

const layout::Places kPlaces{"", "/var/lib/supervisor-manager/links", "/usr/bin/supervisorctl", 0};

layout::Plan planOf(const std::string& text) {
  const auto loaded = loadText(text);
  REQUIRE(loaded.entries.size() == 1);
  auto plan = layout::planFor(loaded.entries[0], kPlaces, std::nullopt);
  REQUIRE(plan);
  return *plan;
}

template <class T>
const T& nodeAt(const layout::Plan& plan, const std::string& path) {
  for (const auto& node : plan.nodes)
    if (const auto* typed = std::get_if<T>(&node); typed && typed->path == path) return *typed;
  FAIL("no such node: " << path);
  static const T none;
  return none;
}

std::string value(const std::string& text, const char* section, const char* key) {
  const auto document = core::IniDocument::parse(text, "x");
  REQUIRE(document);
  const auto* found = document->find(section);
  REQUIRE(found);
  const auto* entry = document->get(*found, key);
  return entry ? entry->value : "(none)";
}

}  // namespace

TEST_CASE("the generated configuration has every section of the documented template") {
  const auto plan = planOf(minimal("tech1",
                                   "http_server.endpoint = 0.0.0.0:9003\nhttp_server.username = admin\n"
                                   "http_server.password = {SHA}d033e22ae348aeb5660fc2140aec35850c4da997\n"
                                   "loglevel = debug\n"));
  const auto& file = nodeAt<layout::File>(plan, "/etc/supervisord_tech1.conf");
  CHECK(file.uid == 0);
  CHECK(file.gid == plan.owner.gid);
  CHECK(file.mode == 0640);
  const auto& text = file.content;
  CHECK(value(text, "unix_http_server", "file") == "/run/supervisor_tech1/supervisor.sock");
  CHECK(value(text, "unix_http_server", "chmod") == "0700");
  CHECK(value(text, "unix_http_server", "chown") == "nobody:nogroup");
  CHECK(value(text, "inet_http_server", "port") == "0.0.0.0:9003");
  CHECK(value(text, "inet_http_server", "username") == "admin");
  CHECK(value(text, "inet_http_server", "password") == "{SHA}d033e22ae348aeb5660fc2140aec35850c4da997");
  CHECK(value(text, "supervisord", "logfile") == "/var/log/supervisor_tech1/supervisord.log");
  CHECK(value(text, "supervisord", "logfile_maxbytes") == "50MB");
  CHECK(value(text, "supervisord", "logfile_backups") == "10");
  CHECK(value(text, "supervisord", "loglevel") == "debug");
  CHECK(value(text, "supervisord", "pidfile") == "/run/supervisor_tech1/supervisord.pid");
  CHECK(value(text, "supervisord", "nodaemon") == "false");
  CHECK(value(text, "supervisord", "minfds") == "1024");
  CHECK(value(text, "supervisord", "minprocs") == "200");
  CHECK(value(text, "supervisord", "umask") == "022");
  CHECK(value(text, "supervisord", "user") == "nobody");
  CHECK(value(text, "supervisord", "identifier") == "supervisor_tech1");
  CHECK(value(text, "rpcinterface:supervisor", "supervisor.rpcinterface_factory") ==
        "supervisor.rpcinterface:make_main_rpcinterface");
  CHECK(value(text, "supervisorctl", "serverurl") == "unix:///run/supervisor_tech1/supervisor.sock");
  CHECK(value(text, "include", "files") == "/etc/supervisord_tech1.d/*.ini");
}

TEST_CASE("with loglevel = debug the activity log is as in the documented template, to the byte") {
  const auto text = nodeAt<layout::File>(planOf(minimal("a", "loglevel = DEBUG\n")), "/etc/supervisord_a.conf").content;
  CHECK(text.find(R"(
[supervisord]
logfile=/var/log/supervisor_a/supervisord.log
logfile_maxbytes=50MB
logfile_backups=10
loglevel=debug
pidfile=/run/supervisor_a/supervisord.pid
nodaemon=false
minfds=1024
minprocs=200
umask=022
user=nobody
identifier=supervisor_a
childlogdir=/var/log/supervisor_a
)") != std::string::npos);
}

TEST_CASE("by default the activity log does not repeat programs' output, and the file explains how to change that") {
  const auto text = nodeAt<layout::File>(planOf(minimal("a")), "/etc/supervisord_a.conf").content;
  CHECK(value(text, "supervisord", "loglevel") == "info");
  CHECK(text.find("; loglevel=debug would write every line of the programs' output here, too\nloglevel=info\n") !=
        std::string::npos);
  const auto quiet = nodeAt<layout::File>(planOf(minimal("a", "loglevel = warn\n")), "/etc/supervisord_a.conf").content;
  CHECK(value(quiet, "supervisord", "loglevel") == "warn");
  CHECK(
      loadText(minimal("a", "loglevel = warning\n")).refused.at(0).reason.find("critical, error, warn, info, debug") !=
      std::string::npos);
}

TEST_CASE("host names of an endpoint are passed on") {
  const auto plan = planOf(minimal("a", "http_server.allowed_hosts = a.example.org, b.example.org\n"));
  const auto text = nodeAt<layout::File>(plan, "/etc/supervisord_a.conf").content;
  CHECK(value(text, "inet_http_server", "allowed_hosts") == "a.example.org,b.example.org");
}

TEST_CASE("without http_server there is no such section, without a password no user name") {
  auto plan = planOf(minimal("a"));
  CHECK(nodeAt<layout::File>(plan, "/etc/supervisord_a.conf").content.find("inet_http_server") == std::string::npos);
  plan = planOf(minimal("a", "http_server = yes\n"));
  const auto& text = nodeAt<layout::File>(plan, "/etc/supervisord_a.conf").content;
  CHECK(value(text, "inet_http_server", "port") == "127.0.0.1:9001");
  CHECK(value(text, "inet_http_server", "username") == "(none)");
}

TEST_CASE("a percent sign in a password is escaped for supervisord") {
  const auto plan = planOf(minimal("a", "http_server.password = 100%\n"));
  const auto& text = nodeAt<layout::File>(plan, "/etc/supervisord_a.conf").content;
  CHECK(value(text, "inet_http_server", "password") == "100%%");
  CHECK(value(text, "inet_http_server", "username") == "nobody");
}

TEST_CASE("the chain of links ends at the installed client") {
  const auto plan = planOf(minimal("tech2", "supervisorctl = /opt/tech2/supervisorctl\n"));
  CHECK(nodeAt<layout::Link>(plan, "/opt/tech2/supervisorctl").target ==
        "/var/lib/supervisor-manager/links/supervisorctl_tech2");
  CHECK(nodeAt<layout::Link>(plan, "/var/lib/supervisor-manager/links/supervisorctl_tech2").target ==
        "/usr/bin/supervisorctl");
  CHECK(nodeAt<layout::Link>(plan, "/var/lib/supervisor-manager/links/supervisord_tech2.conf").target ==
        "/etc/supervisord_tech2.conf");
}

TEST_CASE("directories belong to the owner, and each is planned once") {
  const auto plan = planOf(minimal("a"));
  int count = 0;
  for (const auto& node : plan.nodes) count += std::holds_alternative<layout::Directory>(node);
  CHECK(count == 3);
  const auto& logs = nodeAt<layout::Directory>(plan, "/var/log/supervisor_a");
  CHECK(logs.uid == plan.owner.uid);
  CHECK(logs.mode == 0750);
}

TEST_CASE("declared programs and groups become files of the owner") {
  const auto plan = planOf(minimal("a") +
                           "[supervisor_program:p]\nsupervisor = a\ncommand = /bin/cat\nenvironment = A=1,\n  B=2\n"
                           "[supervisor_group:g]\nsupervisor = a\nprograms = p q\n");
  const auto& program = nodeAt<layout::File>(plan, "/etc/supervisord_a.d/p_prg.ini");
  CHECK(program.uid == plan.owner.uid);
  CHECK(value(program.content, "program:p", "command") == "/bin/cat");
  CHECK(value(program.content, "program:p", "environment") == "A=1,\nB=2");
  CHECK(value(nodeAt<layout::File>(plan, "/etc/supervisord_a.d/g_grp.ini").content, "group:g", "programs") == "p,q");
}

TEST_CASE("a custom template is filled in, or used as it is") {
  auto loaded = loadText(minimal("a", "conf_file_src = tmpl://a.jj2\n"));
  REQUIRE(loaded.entries.size() == 1);
  CHECK(loaded.entries[0].confTemplate == "/etc/supervisor-manager/templates/a.jj2");
  auto plan = layout::planFor(loaded.entries[0], kPlaces, "; {{{name}}}\n");
  REQUIRE(plan);
  CHECK(nodeAt<layout::File>(*plan, "/etc/supervisord_a.conf").content == "; a\n");
  CHECK_FALSE(layout::planFor(loaded.entries[0], kPlaces, "{{{nonsense}}}"));

  loaded = loadText(minimal("a", "conf_file_src = file:///srv/a.conf\n"));
  plan = layout::planFor(loaded.entries[0], kPlaces, "; {{{name}}}\n");
  CHECK(nodeAt<layout::File>(*plan, "/etc/supervisord_a.conf").content == "; {{{name}}}\n");
}
