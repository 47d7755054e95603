// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/deploy/nodes.hpp"

namespace {

using deploy::Value;

const std::string kSupervisorHosts =
    "hosts: [{name: en1, ssh_host: h1, ssh_user: root}, {name: en2, ssh_host: h2, ssh_user: root}],\n"
    "host_groups: [{name: edge, hosts: [en1, en2]}],\n";

std::string supervisor(std::string_view more = "", std::string_view name = "tsupv", std::string_view scope = "all") {
  return fmt::format("{{name: {}, scope: {}, user: tsup, group: tsup, {}}}", name, scope, more);
}

std::string application(const std::string& supervisors, const std::string& programs, const std::string& groups = "") {
  return fmt::format("{{{}supervisors: [{}],\nsupervisor_programs: [{}],\nsupervisor_groups: [{}]\n}}",
                     kSupervisorHosts, supervisors, programs, groups);
}

deploy::Item programOf(const std::string& attributes) {
  const auto understood =
      nodes::understand(application(supervisor(), "{name: p, supervisor: tsupv, " + attributes + "}"));
  REQUIRE(understood.problems.empty());
  return understood.application.section("supervisor_programs")[0];
}

Value::Map serverOf(const std::string& server) {
  const auto understood = nodes::understand(application(supervisor("http_server: {" + server + "}"), ""));
  return std::get<Value::Map>(understood.application.section("supervisors")[0].values.at("http_server").data);
}

Value text(std::string_view value) { return Value{std::string(value)}; }

}  // namespace

TEST_CASE("the paths of a supervisor have defaults with its name") {
  const auto item = nodes::understand(application(supervisor(), "")).application.section("supervisors")[0];
  CHECK(item.text("conf_file_dst") == "/etc/supervisord_tsupv.conf");
  CHECK(item.text("logs_dir") == "/var/log/supervisor_tsupv");
  CHECK(item.text("pid_dir") == "/run/supervisor_tsupv");
  CHECK(item.text("socks_dir") == "/run/supervisor_tsupv");
  CHECK(item.text("include_dir") == "/etc/supervisord_tsupv.d");
  CHECK(item.text("supervisorctl") == "/usr/bin/supervisorctl_tsupv");
  CHECK(item.text("state") == "started");
  CHECK(item.flag("managed"));
  CHECK(item.flag("enabled"));
  CHECK_FALSE(item.flag("no_remove"));
  CHECK_FALSE(item.has("scope"));
  CHECK_FALSE(item.has("http_server"));
  CHECK(item.hosts.size() == 2);
}

TEST_CASE("the web page has an endpoint, and a login if it has a password") {
  CHECK(serverOf("") == Value::Map{{"endpoint", text("127.0.0.1:9001")}});
  CHECK(serverOf("endpoint: \"0.0.0.0:9003\", password: x") ==
        Value::Map{{"endpoint", text("0.0.0.0:9003")}, {"password", text("x")}, {"username", text("tsup")}});
  CHECK(serverOf("username: admin, password: x") ==
        Value::Map{{"password", text("x")}, {"username", text("admin")}, {"endpoint", text("127.0.0.1:9001")}});
  CHECK(serverOf("username: admin") == Value::Map{{"endpoint", text("127.0.0.1:9001")}});
  CHECK(
      nodes::problemsOf(application(supervisor("http_server: {username: admin}"), "")) ==
      "app.yml:3:79: /supervisors/0/http_server: warning: username has no effect without a password (give a password; "
      "everybody can use the page without one)");
  CHECK(nodes::problemsOf(application(supervisor("http_server: {prot: 9001, endpoint: \"a b:1\"}"), "")) ==
        "app.yml:3:80: /supervisors/0/http_server/prot: http_server has no such attribute\n"
        "app.yml:3:102: /supervisors/0/http_server/endpoint: 'a b:1' is not HOST:PORT (such as 127.0.0.1:9001, *:9001 "
        "or [::1]:9001)");
}

TEST_CASE("keys of an entry of the manager are passed on") {
  const auto understood = nodes::understand(
      application(supervisor("memory_max: 512M, umask: 027, nice: 5, environment: [A=b, \"C=d\"]"), ""));
  CHECK(understood.problems.empty());
  const auto& item = understood.application.section("supervisors")[0];
  CHECK(item.text("memory_max") == "512M");
  CHECK(item.text("umask") == "027");
  CHECK(item.values.at("nice") == Value{std::int64_t{5}});
  CHECK(item.text("environment") == "A=b,C=d");
}

TEST_CASE("a configuration of one's own is a file or a template of the deployer") {
  const auto item = nodes::understand(application(supervisor("conf_file_src: \"tmpl:///etc/passwd\""), ""))
                        .application.section("supervisors")[0];
  CHECK(item.text("conf_file_scheme") == "tmpl");
  CHECK(item.text("conf_file_source") == "/etc/passwd");
  CHECK(nodes::problemsOf(application(supervisor("conf_file_src: \"http://host/a\""), "")) ==
        "app.yml:3:81: /supervisors/0/conf_file_src: 'http://host/a' does not start with file://, tmpl://");
}

TEST_CASE("a program starts with its instance if its state is started") {
  CHECK(programOf("command: c").flag("autostart"));
  CHECK(programOf("command: c").text("state") == "started");
  CHECK_FALSE(programOf("command: c, state: stopped").flag("autostart"));
  CHECK_FALSE(programOf("command: c, state: current").flag("autostart"));
  CHECK(programOf("command: c, state: stopped, autostart: yes").flag("autostart"));
}

TEST_CASE("keys of a program are as they were written, in their type") {
  const auto program = programOf(
      "command: c, autorestart: yes, exitcodes: [0, 2], environment: [\"A=b,c\"], umask: 022, numprocs: 1, "
      "stdout_logfile_maxbytes: 0, redirect_stderr: on, stopsignal: SIGHUP, log_backpressure: drop");
  CHECK(program.text("autorestart") == "true");
  CHECK(program.values.at("exitcodes") == Value{Value::List{{std::int64_t{0}}, {std::int64_t{2}}}});
  CHECK(program.values.at("environment") == Value{Value::List{text("A=b,c")}});
  CHECK(program.text("umask") == "022");
  CHECK(program.values.at("numprocs") == Value{std::int64_t{1}});
  CHECK(program.text("stdout_logfile_maxbytes") == "0");
  CHECK(program.values.at("redirect_stderr") == Value{true});
  CHECK(program.text("stopsignal") == "SIGHUP");
  CHECK_FALSE(program.has("startsecs"));
  CHECK(programOf("command: c, exitcodes: 3").values.at("exitcodes") == Value{Value::List{{std::int64_t{3}}}});
}

TEST_CASE("a program has the hosts of its instance, or some of them") {
  CHECK(programOf("command: c").hosts == deploy::HostSet{"en1", "en2"});
  CHECK(programOf("command: c, scope: en1").hosts == deploy::HostSet{"en1"});
  CHECK(programOf("command: c, scope: edge").hosts == deploy::HostSet{"en1", "en2"});
  CHECK(
      nodes::problemsOf(
          application(supervisor("", "one", "en1"), "{name: p, supervisor: one, command: c, scope: edge}")) ==
      "app.yml:4:69: /supervisor_programs/0/scope: has hosts that supervisor 'one' does not have (its scope is 'en1')");
}

TEST_CASE("wrong supervisors and programs") {
  CHECK(
      nodes::problemsOf(application(supervisor() + ", " + supervisor(), R"(
{name: p, supervisor: tsup, command: c},
{name: q, supervisor: tsupv},
{name: q, supervisor: tsupv, command: c},
{name: r, supervisor: tsupv, command: c, numprocs: 2},
{name: s, supervisor: tsupv, command: c, numprocs: 2, process_name: x},
{name: t, supervisor: tsupv, command: c, no_remove: yes},
{name: u, supervisor: other, command: c})")) ==
      "app.yml:3:76: /supervisors/1/name: there are two supervisors with the name 'tsupv' (the other one is at "
      "app.yml:3:15)\n"
      "app.yml:5:23: /supervisor_programs/0/supervisor: there is no supervisor 'tsup' (did you mean 'tsupv'?)\n"
      "app.yml:6:1: /supervisor_programs/1: has no command, which is required without conf_file_src\n"
      "app.yml:7:8: /supervisor_programs/2/name: supervisor 'tsupv' has two programs with the name 'q' (the other one "
      "is at app.yml:6:1)\n"
      "app.yml:8:52: /supervisor_programs/3/numprocs: several processes need %(process_num) in process_name "
      "(process_name: \"%(program_name)s_%(process_num)02d\")\n"
      "app.yml:9:69: /supervisor_programs/4/process_name: several processes need %(process_num) in process_name "
      "(process_name: \"%(program_name)s_%(process_num)02d\")\n"
      "app.yml:10:53: /supervisor_programs/5/no_remove: supervisor 'tsupv' has no no_remove, and is removed with all "
      "its programs (give it no_remove: yes too)\n"
      "app.yml:11:23: /supervisor_programs/6/supervisor: there is no supervisor 'other' (describe it in supervisors, "
      "with managed: no if another run creates it)");
}

TEST_CASE("a program may stay if its instance is not removed") {
  for (const auto* more : {"no_remove: yes", "managed: no"})
    CHECK(nodes::problemsOf(application(supervisor(more), "{name: p, supervisor: tsupv, command: c, no_remove: yes}"))
              .empty());
}

TEST_CASE("a group has programs of its instance, which have the same hosts") {
  const std::string programs =
      "{name: p, supervisor: tsupv, command: c, scope: en1}, {name: q, supervisor: tsupv, command: c, scope: en1}, "
      "{name: r, supervisor: tsupv, command: c}";
  const auto group = [](std::string_view members) {
    return fmt::format("{{name: g, supervisor: tsupv, scope: en2, priority: 5, programs: [{}]}}", members);
  };
  const auto understood = nodes::understand(application(supervisor(), programs, group("p, q")));
  CHECK(understood.problems.empty());
  CHECK(understood.application.section("supervisor_groups")[0].hosts == deploy::HostSet{"en1"});
  CHECK(nodes::problemsOf(application(supervisor(), programs, group("p, r, x"))) ==
        "app.yml:5:85: /supervisor_groups/0/programs: programs 'p' and 'r' have different hosts (give them the same "
        "scope, or two groups)\n"
        "app.yml:5:85: /supervisor_groups/0/programs: supervisor 'tsupv' has no program 'x'");
  CHECK(nodes::problemsOf(application(supervisor(), programs, group(""))) ==
        "app.yml:5:85: /supervisor_groups/0/programs: is empty");
  CHECK(nodes::problemsOf(application(supervisor(), programs, group("p") + ", " + group("q")))
            .find("supervisor 'tsupv' has two groups with the name 'g'") != std::string::npos);
}

TEST_CASE("the manager runs no instance of root") {
  const auto root = [](std::string_view more) {
    return application(fmt::format("{{name: s, scope: all, user: root, group: root, {}}}", more), "");
  };
  CHECK(nodes::problemsOf(root("")) ==
        "app.yml:3:43: /supervisors/0/user: cannot be root (use an account for this application)");
  CHECK(nodes::problemsOf(root("managed: no")).empty());
}

TEST_CASE("an instance with when: no is named as such") {
  CHECK(nodes::problemsOf(application(supervisor("when: no"), "{name: p, supervisor: tsupv, command: c}")) ==
        "app.yml:4:45: /supervisor_programs/0/supervisor: there is no supervisor 'tsupv' (the one at app.yml:3:15 has "
        "when: no)");
}

TEST_CASE("managed instances of a host share no path and no address") {
  const auto two = [](std::string_view first, std::string_view second) {
    return nodes::problemsOf(application(
        fmt::format("{{name: a, user: u, group: g, {}}},\n{{name: b, user: u, group: g, {}}}", first, second), ""));
  };
  CHECK(two("scope: all, http_server: {}", "scope: en1, http_server: {}") ==
        "app.yml:4:55: /supervisors/1/http_server: 127.0.0.1:9001 is already used by supervisor 'a' (that one is at "
        "app.yml:3:15)");
  CHECK(two("scope: all", "scope: en1, logs_dir: /var/log/supervisor_a") ==
        "app.yml:4:52: /supervisors/1/logs_dir: /var/log/supervisor_a is already used by supervisor 'a' (that one is "
        "at app.yml:3:15)");
  CHECK(two("scope: en1, http_server: {}", "scope: en2, http_server: {}").empty());
  CHECK(two("scope: all, http_server: {}", "scope: all, http_server: {}, managed: no").empty());
  CHECK(two("scope: all, pid_dir: /run/x, socks_dir: /run/x", "scope: all").empty());
}
