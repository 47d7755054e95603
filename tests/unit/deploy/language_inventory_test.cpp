// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/deploy/nodes.hpp"

namespace {

using deploy::Names;
using deploy::Value;

const std::string kInventoryHosts = R"(
hosts: [{name: en1, ssh_host: h1, ssh_user: root}, {name: en2, ssh_host: h2, ssh_user: root},
{name: dn1, ssh_host: h3, ssh_user: root}],
host_groups: [{name: edge, hosts: [en1, en2]}, {name: data, hosts: [dn1]}, {name: both, groups: [edge, data]},
{name: nobody}],
)";

/// The hosts of a scope, joined, or the problem.
std::string hostsOf(std::string_view scope) {
  const auto understood = nodes::understand(fmt::format(
      "{{{}folders: [{{scope: \"{}\", path: /a/b, owner: o, group: g, mode: 755}}]}}", kInventoryHosts, scope));
  if (!understood.problems.empty()) return understood.problems[0];
  return fmt::format("{}", fmt::join(understood.application.section("folders")[0].hosts, " "));
}

}  // namespace

TEST_CASE("scopes are sets of hosts") {
  CHECK(hostsOf("en1") == "en1");
  CHECK(hostsOf("edge") == "en1 en2");
  CHECK(hostsOf("edge:dn1") == "dn1 en1 en2");
  CHECK(hostsOf("en1, dn1") == "dn1 en1");
  CHECK(hostsOf("all") == "dn1 en1 en2");
  CHECK(hostsOf("*") == "dn1 en1 en2");
  CHECK(hostsOf("both:!en2") == "dn1 en1");
  CHECK(hostsOf("!edge") == "dn1");
  CHECK(hostsOf("both:&edge:!en1") == "en2");
  CHECK(hostsOf("nobody").empty());
}

TEST_CASE("a name that is unknown in a scope is an error, wherever it stands") {
  CHECK(hostsOf("en1:edgee") ==
        "app.yml:6:19: /folders/0/scope: there is no host and no host group 'edgee' (did you mean 'edge'?)");
  CHECK(hostsOf("all:!xyzzy") == "app.yml:6:19: /folders/0/scope: there is no host and no host group 'xyzzy'");
  CHECK(hostsOf("en1:") == "app.yml:6:19: /folders/0/scope: has an empty name (write host:group, or all)");
  CHECK(hostsOf("none") == "app.yml:6:19: /folders/0/scope: 'none' is not a scope of an item (use when: no)");
  CHECK(hostsOf("hdfs") ==
        "app.yml:6:19: /folders/0/scope: 'hdfs' is not a scope of an item (the plug-in hdfs is not supported)");
}

TEST_CASE("groups have the hosts of their groups") {
  const auto application = nodes::understand("{" + kInventoryHosts + "}").application;
  CHECK(application.groups.at("both") == Names{"dn1", "en1", "en2"});
  CHECK(application.groups.at("nobody").empty());
  CHECK(application.sections.count("host_groups") == 0);
}

TEST_CASE("wrong groups") {
  CHECK(nodes::problemsOf(R"({
hosts: [{name: en1, ssh_host: h1, ssh_user: root}],
host_groups: [
{name: a, groups: [b]}, {name: b, groups: [c]}, {name: c, groups: [a]},
{name: d, hosts: [en2], groups: [x]},
{name: d}, {name: en1}, {name: all}],
host_group_overrides: [{name: e, hosts: []}]
})") == "app.yml:6:8: /host_groups/4/name: there are two host groups with the name 'd' (the other one is at "
        "app.yml:5:1)\n"
        "app.yml:6:19: /host_groups/5/name: 'en1' is already the name of a host (the host is at app.yml:2:9)\n"
        "app.yml:6:32: /host_groups/6/name: 'all' cannot be the name of a group\n"
        "app.yml:7:31: /host_group_overrides/0/name: there is no host group 'e' (did you mean 'a'?)\n"
        "app.yml:4:67: /host_groups/2/groups: group 'a' contains itself: a > b > c > a\n"
        "app.yml:5:18: /host_groups/3/hosts: there is no host 'en2' (did you mean 'en1'?)\n"
        "app.yml:5:33: /host_groups/3/groups: there is no host group 'x' (did you mean 'a'?)");
}

TEST_CASE("a group override replaces the hosts; force_setup reaches the hosts") {
  const auto application = nodes::understand("{" + kInventoryHosts + R"(
host_group_overrides: [{name: edge, hosts: [en2]}, {name: data, force_setup: yes}]})")
                               .application;
  CHECK(application.groups.at("both") == Names{"dn1", "en2"});
  CHECK_FALSE(application.section("hosts")[1].flag("force_setup"));
  CHECK(application.section("hosts")[2].flag("force_setup"));
}

TEST_CASE("host overrides apply by priority, and an empty text removes the attribute") {
  const auto understood = nodes::understand(R"({
hosts: [{name: en1, ssh_host: h1, ssh_port: 22}, {name: en2, ssh_host: h2, ssh_executable: x}],
host_overrides: [
{name: en1, ssh_user: last, priority: 200},
{name: all, ssh_user: root, ssh_port: 2222},
{name: "*", ssh_user: first, priority: 1},
{name: en2, ssh_port: "", ssh_executable: ""}]
})");
  CHECK(understood.problems.empty());
  const auto& hosts = understood.application.section("hosts");
  CHECK(hosts[0].text("ssh_user") == "last");
  CHECK(hosts[0].values.at("ssh_port") == Value{std::int64_t{2222}});
  CHECK(hosts[1].text("ssh_user") == "root");
  CHECK_FALSE(hosts[1].has("ssh_port"));
  CHECK_FALSE(hosts[1].has("ssh_executable"));
  CHECK(understood.application.sections.count("host_overrides") == 0);
}

TEST_CASE("wrong hosts and overrides") {
  CHECK(nodes::problemsOf(R"({
hosts: [
{name: en1, ssh_host: h1, ssh_user: root}, {name: en1, ssh_host: h1, ssh_user: root},
{name: en2, ssh_host: h2},
{name: all, ssh_host: h2, ssh_user: root}],
host_overrides: [{name: en3, ssh_user: root}]
})") == "app.yml:3:51: /hosts/1/name: there are two hosts with the name 'en1' (the other one is at app.yml:3:1)\n"
        "app.yml:5:8: /hosts/3/name: 'all' cannot be the name of a host\n"
        "app.yml:6:25: /host_overrides/0/name: there is no host 'en3' (did you mean 'en1'?)\n"
        "app.yml:4:1: /hosts/2: has no ssh_user (give one here or in host_overrides)");
  CHECK(nodes::problemsOf("{host_overrides: [{name: all, ssh_user: root}]}") ==
        "app.yml:1:19: /host_overrides/0: there are no hosts to override (add a section hosts, or a --src that has "
        "it)");
}

TEST_CASE("the name and the priority of an override cannot be removed") {
  CHECK(nodes::problemsOf(R"({
hosts: [{name: en1, ssh_host: h1, ssh_user: root}],
host_overrides: [{name: en1, priority: ""}]
})") == "app.yml:3:40: /host_overrides/0/priority: '' is not a whole number from -2147483647 to 2147483647");
}

TEST_CASE("a private key must be readable, and a mistake of an override is reported once") {
  CHECK(nodes::problemsOf(R"({
hosts: [{name: en1, ssh_host: h}, {name: en2, ssh_host: h}],
host_overrides: [{name: all, ssh_user: root, ssh_private_key_file: /none/such, ssh_password: "{{ p }}"}]
})") == "app.yml:3:94: /host_overrides/0/ssh_password: cannot be given together with ssh_private_key_file\n"
        "app.yml:3:68: /host_overrides/0/ssh_private_key_file: there is no '/none/such'");
  CHECK(nodes::problemsOf("{hosts: [{name: a, ssh_host: h, ssh_user: u, ssh_private_key_file: /etc}]}") ==
        "app.yml:1:68: /hosts/0/ssh_private_key_file: '/etc' is a folder, not a file");
}

TEST_CASE("a method, user, password or program of become implies it") {
  const auto hosts = nodes::understand(R"({hosts: [
{name: a, ssh_host: h, ssh_user: u, become_user: root}, {name: b, ssh_host: h, ssh_user: u, become_flags: x},
{name: c, ssh_host: h, ssh_user: u, become_exe: x, become: no}]})")
                         .application.section("hosts");
  CHECK(hosts[0].flag("become"));
  CHECK_FALSE(hosts[1].has("become"));
  CHECK_FALSE(hosts[2].flag("become"));
}

TEST_CASE("the scopes of a run") {
  const std::string text = "{" + kInventoryHosts + R"(
users: [{login: tsup}],
folders: [{scope: edge, path: /a/a, owner: o, group: g, mode: 755}, {scope: data, path: /a/b, owner: o, group: g,
mode: 755}],
supervisors: [{name: s, scope: all, user: u, group: g}],
supervisor_programs: [{name: p, supervisor: s, command: c}],
files: [{scope: edge, src: "file:///etc/passwd", dest_folder: /a/a, owner: o, group: g, mode: 755, notify: "s:p"}]
)";
  const auto sections = [&](const std::string& more, const deploy::Selection& selection = {}) {
    const auto understood = nodes::understand(text + more + "}", selection);
    std::string names;
    for (const auto& [name, items] : understood.application.sections)
      names += fmt::format("{}:{} ", name, items.size());
    for (const auto& problem : understood.problems) names += problem;
    return names;
  };
  CHECK(sections("") == "files:1 folders:2 hosts:3 supervisor_programs:1 supervisors:1 users:1 ");
  CHECK(sections("", {{{"files"}}, {}}) == "files:1 folders:2 hosts:3 ");
  CHECK(sections("", {{{"edge"}}, {}}) == "files:1 folders:1 hosts:3 ");
  CHECK(sections("", {{{"edge", "users"}}, {"edge"}}) == "hosts:3 users:1 ");
  CHECK(sections("", {{{"none"}}, {}}) == "hosts:3 ");
  CHECK(sections("", {{}, {"all"}}) == "hosts:3 ");
  CHECK(sections("", {{}, {"none"}}) == "files:1 folders:2 hosts:3 supervisor_programs:1 supervisors:1 users:1 ");
  CHECK(sections(", included_scopes: [users, supervisor], excluded_scopes: [supervisor]") == "hosts:3 users:1 ");
  CHECK(sections(", included_scopes: [users]", {{{"all"}}, {"files"}}) ==
        "hosts:3 supervisor_programs:1 supervisors:1 users:1 ");
  CHECK(sections("", {{{"user"}}, {"kafka"}}) ==
        "hosts:3 "
        "command line: --scope: 'user' is neither a plug-in nor a scope of items (did you mean 'users'?)"
        "command line: --noScope: the plug-in kafka is not supported (remove the word)");
  CHECK(sections(", excluded_scopes: [usersupervisor]")
            .ends_with("app.yml:13:21: /excluded_scopes/0: 'usersupervisor' is neither a plug-in nor a scope of items "
                       "(the words are all, none, users, files, systemd, supervisor, ansible)"));
}

TEST_CASE("notifications of a plug-in that the run leaves out are dropped") {
  const std::string text = "{" + kInventoryHosts + R"(
supervisors: [{name: s, scope: all, user: u, group: g}],
supervisor_programs: [{name: p, supervisor: s, command: c}],
files: [{scope: edge, src: "file:///etc/passwd", dest_folder: /a/a, owner: o, group: g, mode: 755, notify: "s:p"}]})";
  const auto targets = [&](const deploy::Selection& selection) {
    return std::get<Value::List>(
               nodes::understand(text, selection).application.section("files")[0].values.at("notify").data)
        .size();
  };
  CHECK(targets({}) == 1);
  CHECK(targets({{}, {"supervisor"}}) == 0);
}
