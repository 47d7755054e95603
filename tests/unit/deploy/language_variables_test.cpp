// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "tests/unit/deploy/nodes.hpp"

using deploy::Value;

TEST_CASE("variables have types only if they are written plain and in the usual way") {
  const auto vars =
      nodes::understand(R"({vars: {a: 12, b: 012, c: 1.5, d: 1.10, e: yes, f: "yes", g: n, h: [x, 1], i: {j: off}}})")
          .application.vars;
  REQUIRE(vars.size() == 9);
  CHECK(vars[0].second == Value{std::int64_t{12}});
  CHECK(vars[1].second == Value{std::string("012")});
  CHECK(vars[2].second == Value{1.5});
  CHECK(vars[3].second == Value{std::string("1.10")});
  CHECK(vars[4].second == Value{true});
  CHECK(vars[5].second == Value{std::string("yes")});
  CHECK(vars[6].second == Value{std::string("n")});
  CHECK(vars[7].second == Value{Value::List{Value{std::string("x")}, Value{std::int64_t{1}}}});
  CHECK(vars[8].second == Value{Value::Map{{"j", Value{false}}}});
}

TEST_CASE("encrypted variables begin as the vault writes them, and have names of their own") {
  const auto understood = nodes::understand(R"({
vars: {b: 1},
encrypted_vars: {a: "$ANSIBLE_VAULT;1.1;AES256\n12", b: "$ANSIBLE_VAULT;x", c-d: "$ANSIBLE_VAULT;x", e: clear}
})");
  CHECK(understood.application.encryptedVars[0].first == "a");
  REQUIRE(understood.problems.size() == 3);
  CHECK(understood.problems[0] == "app.yml:3:54: /encrypted_vars/b: vars has 'b' too (it is at app.yml:2:11)");
  CHECK(understood.problems[1] ==
        "app.yml:3:77: /encrypted_vars/c-d: 'c-d' is not a name of a variable: letters, digits, '_'");
  CHECK(understood.problems[2] ==
        "app.yml:3:105: /encrypted_vars/e: does not begin with $ANSIBLE_VAULT; (use what `ansible-vault "
        "encrypt_string` prints, as a block that starts with |)");
  CHECK(nodes::problemsOf("{vars: [a], encrypted_vars: b}") ==
        "app.yml:1:8: /vars: is not a map of names and values (write NAME: value)\n"
        "app.yml:1:29: /encrypted_vars: is not a map of names and values (write NAME: value)");
}

TEST_CASE("sections that are one value or a list of texts") {
  const auto application =
      nodes::understand("{exit_on_fail: no, roles_folders: /a, playbooks_folders: [/b, /c], local_files_folders: }")
          .application;
  CHECK_FALSE(application.exitOnFail);
  CHECK(application.rolesFolders == std::vector<std::string>{"/a"});
  CHECK(application.playbooksFolders == std::vector<std::string>{"/b", "/c"});
  CHECK(nodes::understand("{}").application.exitOnFail);
  CHECK(nodes::problemsOf("{exit_on_fail: perhaps, roles_folders: {a: b}}") ==
        "app.yml:1:16: /exit_on_fail: 'perhaps' is neither yes nor no\n"
        "app.yml:1:40: /roles_folders: is a map, not a list (write [value, ...])");
}

TEST_CASE("the file of a playbook is found in its folders") {
  const auto items = nodes::understand(R"({playbooks_folders: [/none/such, /etc], ansible_playbooks: [
{for_action: deploy, priority: 5, playbook_file: passwd},
{for_action: deploy, priority: 1, playbook_file: /etc/group}]})")
                         .application.section("ansible_playbooks");
  REQUIRE(items.size() == 2);
  CHECK(items[0].text("source") == "/etc/passwd");
  CHECK(items[0].values.at("priority") == Value{std::int64_t{5}});
  CHECK(items[1].text("source") == "/etc/group");
}

TEST_CASE("a playbook has a text or a file, which is searched in the folders") {
  CHECK(nodes::problemsOf(R"({
ansible_playbooks: [
{for_action: deploy, priority: 1},
{for_action: deploy, priority: 1, playbook_text: a, playbook_file: b},
{for_action: deploy, priority: 1, playbook_file: none-such.yml}
]})") == "app.yml:3:1: /ansible_playbooks/0: has neither playbook_text nor playbook_file\n"
         "app.yml:4:1: /ansible_playbooks/1: has both playbook_text and playbook_file\n"
         "app.yml:5:50: /ansible_playbooks/2/playbook_file: there is no 'none-such.yml' in playbooks_folders");
}
