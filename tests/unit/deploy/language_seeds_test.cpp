// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/deploy/nodes.hpp"

/// The printed examples, and large applications.
namespace {

using deploy::Value;

std::string hosts(std::string_view login) {
  return fmt::format(
      "hosts: [{{ name: en1, ssh_host: en1.mycluster.com, ssh_user: {0} }}, "
      "{{ name: en2, ssh_host: en2.mycluster.com, ssh_user: {0} }}],\n",
      login);
}

}  // namespace

TEST_CASE("the simple case with a page and a notification") {
  const auto understood = nodes::understand("{" + hosts("root") + R"(
users: [{login: tsup}],
folders: [{ scope: all, path: /opt/tsup, owner: tsup, group: tsup,  mode: "0755" }],
supervisors: [{name: tsupv , scope: all, user: tsup, group: tsup,
http_server: { endpoint: "0.0.0.0:9001", username: admin, password: admin }}],
files: [{ scope: all, notify: ["supervisor://tsupv/program1"], src: "file:///etc/passwd", dest_folder: /opt/tsup,
owner: tsup, group: tsup, mode: "0755" }],
supervisor_programs: [{name: program1, supervisor: tsupv, command: "/bin/bash /opt/tsup/program1.sh"}]})");
  REQUIRE(understood.problems.size() == 1);
  CHECK(understood.problems[0].find("warning: the password is clear text") != std::string::npos);
  const auto& application = understood.application;
  CHECK(application.section("users")[0].flag("create_home"));
  CHECK(application.section("users")[0].hosts == deploy::HostSet{"en1", "en2"});
  CHECK(application.section("supervisor_programs")[0].hosts == deploy::HostSet{"en1", "en2"});
  CHECK(application.section("supervisor_programs")[0].text("command") == "/bin/bash /opt/tsup/program1.sh");
}

TEST_CASE("the non-root case: the instance is described only, and notify is a scalar") {
  const auto understood = nodes::understand("{" + hosts("tsup") + R"(
files: [{ scope: all, notify: "tsupv:program1", src: "file:///etc/passwd", dest_folder: /opt/tsup, owner: tsup,
group: tsup, mode: "0755" }],
supervisor_programs: [{name: program1, supervisor: tsupv, command: "/bin/bash /opt/tsup/program1.sh"}],
supervisors: [{name: tsupv, scope: all, user: tsup, group: tsup, managed: no}]})");
  CHECK(understood.problems.empty());
  CHECK_FALSE(understood.application.section("supervisors")[0].flag("managed"));
  CHECK(understood.application.section("supervisors")[0].text("include_dir") == "/etc/supervisord_tsupv.d");
}

TEST_CASE("a thousand hosts and a thousand programs share their sets of hosts") {
  std::string text = "{hosts: [";
  for (int i = 0; i < 1000; ++i) text += fmt::format("{{name: h{}, ssh_host: h, ssh_user: u}}, ", i);
  text += "],\nsupervisors: [{name: s, scope: all, user: u, group: g}],\nsupervisor_programs: [";
  for (int i = 0; i < 1000; ++i) text += fmt::format("{{name: p{}, supervisor: s, command: c}}, ", i);
  text += "],\nfiles: [";
  for (int i = 0; i < 1000; ++i)
    text += fmt::format(
        "{{scope: all, src: \"file:///etc/passwd\", dest_folder: /a/b, dest_name: f{0}, owner: o, group: "
        "g, mode: 755, notify: \"s:p{0}\"}}, ",
        i);
  const auto understood = nodes::understand(text + "]}");
  CHECK(understood.problems.empty());
  const auto& programs = understood.application.section("supervisor_programs");
  REQUIRE(programs.size() == 1000);
  CHECK(programs.back().hosts.size() == 1000);
  const auto& files = understood.application.section("files");
  CHECK(&programs.front().hosts.names() == &programs.back().hosts.names());
  CHECK(&programs.front().hosts.names() == &files.back().hosts.names());
}
