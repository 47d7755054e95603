// SPDX-License-Identifier: MIT
#include "ctl/deploy/sources/sources.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>
#include <string>

#include "lib/core/files.hpp"
#include "tests/support/scratch_files.hpp"
#include "tests/unit/deploy/node_text.hpp"

namespace {

using deploy::Source;

/// Files and what becomes of them. A source with '=' is a variable.
class Sources : public ScratchFiles {
 public:
  /// The sections and problems after loading these sources.
  void load(std::initializer_list<std::string> sources, const std::string& action = "deploy") {
    std::vector<Source> list;
    for (const auto& source : sources) {
      const bool isVariable = source.find('=') != std::string::npos || source.empty();
      list.push_back(
          {isVariable ? Source::Kind::Variable : Source::Kind::File, isVariable ? source : path() + "/" + source});
    }
    problems = {};
    root = deploy::load(list, action, problems);
  }
  /// The value of a section of one file.
  std::string section(const std::string& name, const std::string& text) {
    file("a.yml", text);
    load({"a.yml"});
    CHECK(messages() == "");
    return section(name);
  }
  [[nodiscard]] std::string section(const std::string& name) const {
    const auto* found = root.find(name);
    return found ? withoutPath(textOf(*found)) : "(none)";
  }
  /// The messages about one file.
  std::string messagesOf(const std::string& text) {
    file("a.yml", text);
    load({"a.yml"});
    return messages();
  }
  [[nodiscard]] std::string messages() const {
    auto text = withoutPath(textOf(problems));
    for (std::size_t at; (at = text.find("DIR/")) != std::string::npos;) text.erase(at, 4);
    return text;
  }

  deploy::Node root;
  deploy::Problems problems;
};

}  // namespace

TEST_CASE("files merge in their order: maps recursively, lists are appended, the last text remains") {
  Sources sources;
  sources.file("a.yml", "m: {a: 1, b: {c: [1], d: 1}}\nl: [1]\nt: 1\n");
  sources.file("b.yml", "m: {b: {c: [2], d: 2}, e: 3}\nl: [2, 3]\n---\nt: 2\n");
  sources.load({"a.yml", "b.yml"});
  CHECK(sources.messages() == "");
  CHECK(sources.section("m") == "{a: 1, b: {c: [1, 2], d: 2}, e: 3}");
  CHECK(sources.section("l") == "[1, 2, 3]");
  CHECK(sources.section("t") == "2");
}

TEST_CASE("repeated keys of one file merge in the same way, at every level") {
  Sources sources;
  CHECK(sources.section("m", "m: {x: {l: [1], l: [2], t: 1, t: 2}}\nm: {x: {l: [3]}}\n") ==
        "{x: {l: [1, 2, 3], t: 2}}");
}

TEST_CASE("items of lists do not merge") {
  Sources sources;
  CHECK(sources.section("hosts", "hosts: [{name: a}]\nhosts: [{name: a, x: 1}]\n") == "[{name: a}, {name: a, x: 1}]");
}

TEST_CASE("values of different kinds are an error with both places") {
  Sources sources;
  CHECK(sources.messagesOf("l: [1]\nl: {a: 1}\n") ==
        "a.yml:2:4: /l: a map cannot be merged with a list of a.yml:1:4 (use the same kind of value in both places)");
  CHECK(sources.section("l") == "[1]");
  sources.file("b.yml", "m:\n  x: text\n");
  sources.file("a.yml", "m: {x: [1]}\n");
  sources.load({"a.yml", "b.yml"});
  CHECK(
      sources.messages() ==
      "b.yml:2:6: /m/x: a text cannot be merged with a list of a.yml:1:8 (use the same kind of value in both places)");
}

TEST_CASE("a key without a value changes no list or map") {
  Sources sources;
  CHECK(sources.section("l", "l:\nl: [1]\nl:\n") == "[1]");
}

TEST_CASE("the root must be a map") {
  Sources sources;
  CHECK(sources.messagesOf("- a\n") ==
        "a.yml:1:1: the file must be a map of sections (for example 'hosts:' with a list under it)");
  CHECK(sources.messagesOf("text\n").starts_with("a.yml:1:1: the file must be a map"));
  CHECK(sources.messagesOf("") == "");
}

TEST_CASE("variables are visible after the place where they are defined") {
  Sources sources;
  CHECK(sources.section("a", "vars: {x: 1, y: '${x}2'}\na: ${y}\nvars: {x: 3}\nb: ${x}\n") == "12");
  CHECK(sources.section("b") == "3");
  CHECK(sources.section("vars") == "{hadeploy_action: deploy, x: 3, y: \"12\"}");
  CHECK(sources.messagesOf("hosts:\n- name: a\n  ssh_host: h.${late}\nvars: {late: 1}\n") ==
        "a.yml:3:17: /hosts/0/ssh_host: the variable 'late' is not defined before this place "
        "(to keep such a text unchanged, put it between %{raw} and %{endraw})");
  CHECK(sources.root.find("hosts")->items.at(0).find("ssh_host")->unresolved);
}

TEST_CASE("variables may be lists and maps, and merge") {
  Sources sources;
  CHECK(sources.section("a", "vars: {l: [1], m: {k: 1}}\nvars: {l: [2], m: {j: 2}}\na: ${l}\nb: ${m}\nc: ${m.j}\n") ==
        "[1, 2]");
  CHECK(sources.section("b") == "{k: 1, j: 2}");
  CHECK(sources.section("c") == "2");
}

TEST_CASE("vars is a map") {
  Sources sources;
  for (const char* text : {"vars:\n", "vars: x\n", "vars: [a]\n"})
    CHECK(sources.messagesOf(text).find("/vars: 'vars' must be a map (for example 'vars: { name: value }')") !=
          std::string::npos);
}

TEST_CASE("keys are not expanded") {
  Sources sources;
  CHECK(sources.section("m", "vars: {x: 1}\nm: {'${x}': '${x}'}\n") == "{${x}: \"1\"}");
}

TEST_CASE("variables of the command line are in the order of all sources") {
  Sources sources;
  sources.file("a.yml", "vars: {x: file}\n");
  sources.file("b.yml", "managed: ${x}\n");
  sources.load({"x=no", "b.yml"});
  CHECK(sources.section("managed") == "no");
  sources.load({"a.yml", "x=line", "b.yml"});
  CHECK(sources.section("managed") == "line");
  sources.load({"x=line", "a.yml", "b.yml"});
  CHECK(sources.section("managed") == "file");
  sources.load({"x=${y}"});
  CHECK(sources.section("vars") == "{hadeploy_action: deploy, x: ${y}}");
  sources.load({"x="});
  CHECK(sources.section("vars") == "{hadeploy_action: deploy, x: }");
}

TEST_CASE("a variable of the command line is NAME=VALUE") {
  Sources sources;
  sources.load({"a=b=c"});
  CHECK(sources.messages() ==
        "command line: --var 'a=b=c' must be NAME=VALUE, with one '=' (put another value in a file with 'vars:')");
  sources.load({""});
  CHECK(sources.messages() ==
        "command line: --var '' must be NAME=VALUE, with one '=' (put another value in a file with 'vars:')");
  sources.load({"=b"});
  CHECK(sources.messages() ==
        "command line: --var: '' is not a name of a variable (use letters, digits and '_', and a letter first)");
  sources.load({"a-b=1"});
  CHECK(sources.messages().starts_with("command line: --var: 'a-b' is not a name of a variable"));
}

TEST_CASE("hadeploy_action is the action, whatever the sources define") {
  Sources sources;
  sources.file("a.yml", "vars: {hadeploy_action: mine}\na: ${hadeploy_action}\n");
  sources.load({"a.yml"}, "stop");
  CHECK(sources.section("a") == "stop");
  CHECK(sources.messages() ==
        "a.yml:1:8: /vars/hadeploy_action: warning: this variable is always the action of the run (remove the line)");
}

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
               "local_templates_folders: [./templates, '${dir}']\nroles_folders: roles\n");
  const std::string home = core::expandHome("~/files");
  CHECK(sources.section("hosts",
                        "vars: {dir: t2}\ninclude: sub/b.yml\nhosts: [{ssh_private_key_file: id}]\n"
                        "local_files_folders: [~/files]\n") ==
        "[{ssh_private_key_file: DIR/sub/keys/id, ssh_host: keys/id}, {ssh_private_key_file: DIR/id}]");
  CHECK(sources.section("host_overrides") == "[{ssh_private_key_file: DIR/id}, {ssh_private_key_file: \"\"}]");
  CHECK(sources.section("users") == "[{authorized_keys: [DIR/sub/keys/a.pub, /b.pub, \"{{key}}\"]}]");
  CHECK(sources.section("local_templates_folders") == "[DIR/sub/templates, \"DIR/sub/t2\"]");
  CHECK(sources.section("roles_folders") == "DIR/sub/roles");
  CHECK(sources.section("local_files_folders") == "[" + home + "]");
}

TEST_CASE("the place of a mistake in an expression is exact where the text is as it was written") {
  Sources sources;
  CHECK(sources.messagesOf("a: x ${b}\n").starts_with("a.yml:1:8: /a: "));
  CHECK(sources.messagesOf("a: \"\xC3\xA9 ${b}\"\n").starts_with("a.yml:1:9: /a: "));
  CHECK(sources.messagesOf("m:\n  a: |\n\n    x\n      ${b}\n").starts_with("a.yml:5:9: /m/a: "));
  CHECK(sources.messagesOf("a: \"\\t${b}\"\n").starts_with("a.yml:1:4: /a: "));
  CHECK(sources.messagesOf("a: x\n  ${b}\n").starts_with("a.yml:1:4: /a: "));
}

TEST_CASE("the path of a mistake is that in the merged sources") {
  Sources sources;
  CHECK(sources.messagesOf("h: [{a: 1}, {a: 2}]\nh: [{a: 3}, {b: {l: ['${x}']}}]\n").find(": /h/3/b/l/0: ") !=
        std::string::npos);
}

TEST_CASE("all mistakes are reported in one run") {
  Sources sources;
  const auto messages = sources.messagesOf("a: ${x}\nb: ['${y}', '${1/0}']\ninclude: none.yml\nl: [1]\nl: {}\n");
  CHECK(std::count(messages.begin(), messages.end(), '\n') == 4);
}

TEST_CASE("a variable is not missed if a file with an error may define it") {
  Sources sources;
  sources.file("b.yml", "vars: {x: 1\n");
  CHECK(sources.messagesOf("include: none.yml\na: ${x}\nb: ${1/0}\n") ==
        "a.yml:1:10: /include: cannot read none.yml: No such file or directory\n"
        "a.yml:3:7: /b: division by zero");
  sources.load({"b.yml", "a.yml"});
  CHECK(sources.messages().find("not defined") == std::string::npos);
}

TEST_CASE("values that variables multiply meet a limit, which is reported once") {
  Sources sources;
  std::string text = "vars:\n  v0: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 12; ++i) {
    const auto before = "'${v" + std::to_string(i - 1) + "}', ";
    text += "  v" + std::to_string(i) + ": [";
    for (int j = 0; j < 10; ++j) text += before;
    text += "]\n";
  }
  const auto messages = sources.messagesOf(text);
  CHECK(messages.find("the sources have more than 500000 values") != std::string::npos);
  CHECK(messages.find('\n') == std::string::npos);
}

TEST_CASE("twenty thousand variables") {
  Sources sources;
  std::string text = "vars:\n";
  for (int i = 0; i < 20'000; ++i) text += "  v" + std::to_string(i) + ": " + std::to_string(i) + "\n";
  text += "l:\n";
  for (int i = 0; i < 20'000; ++i) text += "- ${v" + std::to_string(i) + "}\n";
  sources.file("a.yml", text);
  sources.load({"a.yml"});
  CHECK(sources.messages() == "");
  CHECK(sources.root.find("l")->items.back().text == "19999");
}
