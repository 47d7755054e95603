// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>

#include "lib/core/files.hpp"
#include "tests/unit/deploy/loaded_sources.hpp"

TEST_CASE("an include is merged where it is") {
  Sources sources;
  sources.directory("sub");
  sources.file("sub/b.yml", "include: [c.yml]\nt: ${x}b\nl: [b]\n");
  sources.file("sub/c.yml", "vars: {y: c}\nl: [c]\n");
  CHECK(sources.section("l", "vars: {x: 1, dir: sub}\nl: [a]\nt: a\ninclude: ${dir}/b.yml\nl: [\"${y}\"]\n") ==
        "[a, c, b, \"c\"]");
  CHECK(sources.section("t") == "1b");
  CHECK(sources.section("include") == "(none)");
  CHECK(sources.messagesOf("include: sub/c.yml\ninclude: sub/c.yml\n") == "");
  CHECK(sources.section("l") == "[c, c]");
}

TEST_CASE("a file that cannot be included is an error with both places") {
  Sources sources;
  CHECK(sources.messagesOf("a: 1\ninclude: [x.yml]\n") ==
        "a.yml:2:11: /include: cannot read x.yml: No such file or directory");
  CHECK(sources.messagesOf("include: ''\n") ==
        "a.yml:1:10: /include: 'include' needs the path of a file, or a list of them "
        "(for example 'include: supervisors.yml')");
  CHECK(sources.messagesOf("include: [[x]]\n").starts_with("a.yml:1:11: /include/0: 'include' needs the path"));
  CHECK(sources.messagesOf("include: {a: 1}\n").starts_with("a.yml:1:10: /include: 'include' needs the path"));
  CHECK(sources.messagesOf("include: .\n").find("Is a directory") != std::string::npos);
  sources.load({"none.yml"});
  CHECK(sources.messages() == "none.yml: cannot read none.yml: No such file or directory");
}

TEST_CASE("an include of a file in itself names the chain") {
  Sources sources;
  sources.file("b.yml", "x: 1\ninclude: ./c.yml\n");
  sources.file("c.yml", "include: a.yml\n");
  CHECK(sources.messagesOf("include: b.yml\n") ==
        "./c.yml:1:10: /include: the file includes itself: a.yml -> b.yml -> ./c.yml -> ./a.yml "
        "(remove one of these includes)");
  CHECK(sources.section("x") == "1");
}

TEST_CASE("files that include each other many times meet a limit") {
  Sources sources;
  for (int i = 0; i < 9; ++i) {
    std::string text = "include: [";
    for (int j = 0; j < 9; ++j) text += "f" + std::to_string(i + 1) + ".yml, ";
    sources.file("f" + std::to_string(i) + ".yml", text + "]\n");
  }
  sources.file("f9.yml", "l: [1]\n");
  sources.load({"f0.yml"});
  CHECK(sources.messages().find("more than 1000 files") != std::string::npos);
  CHECK(sources.messages().find('\n') == std::string::npos);
}

TEST_CASE("relative paths become absolute against the file that has them") {
  Sources sources;
  sources.directory("sub");
  sources.file("sub/b.yml",
               "hosts: [{ssh_private_key_file: keys/id, ssh_host: keys/id}]\n"
               "host_overrides: [{ssh_private_key_file: ../id}, {ssh_private_key_file: ''}]\n"
               "users: [{authorized_keys: [keys/a.pub, /b.pub, '{{key}}']}]\n"
               "local_templates_folders: [./templates, '${dir}']\nplaybooks_folders: ${list}\nroles_folders: roles\n");
  const std::string home = core::expandHome("~/files");
  CHECK(sources.section("hosts",
                        "vars: {dir: t2, list: [p]}\ninclude: sub/b.yml\nhosts: [{ssh_private_key_file: id}]\n"
                        "local_files_folders: [~/files]\n") ==
        "[{ssh_private_key_file: DIR/sub/keys/id, ssh_host: keys/id}, {ssh_private_key_file: DIR/id}]");
  CHECK(sources.section("host_overrides") == "[{ssh_private_key_file: DIR/id}, {ssh_private_key_file: \"\"}]");
  CHECK(sources.section("users") == "[{authorized_keys: [DIR/sub/keys/a.pub, /b.pub, \"{{key}}\"]}]");
  CHECK(sources.section("local_templates_folders") == "[DIR/sub/templates, \"DIR/sub/t2\"]");
  CHECK(sources.section("playbooks_folders") == "[DIR/sub/p]");
  CHECK(sources.section("roles_folders") == "DIR/sub/roles");
  CHECK(sources.section("local_files_folders") == "[" + home + "]");
}

TEST_CASE("a large file, and a long chain of includes") {
  Sources sources;
  CHECK(sources.messagesOf("a: " + std::string(4 << 20, 'x') + "\n") ==
        "a.yml: cannot read a.yml: larger than 4194304 bytes");
  for (int i = 0; i < 60; ++i)
    sources.file("f" + std::to_string(i) + ".yml", "include: f" + std::to_string(i + 1) + ".yml\n");
  sources.load({"f0.yml"});
  CHECK(sources.messages() == "f49.yml:1:10: /include: more than 50 files include each other");
}
