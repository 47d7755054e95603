// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/unit/deploy/loaded_sources.hpp"

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

TEST_CASE("maps inside maps merge again and again") {
  Sources sources;
  CHECK(sources.section("m", "m:\nm: {a: {b: {k: 1}}}\nm: {a: {b: {j: 1}, c: 1}}\nm: {a: {b: {k: 2, i: 1}, c: 2}}\n") ==
        "{a: {b: {k: 2, j: 1, i: 1}, c: 2}}");
  CHECK(sources.section("vars", "vars: {m: {a: {}}}\nvars: {m: {a: {x: 1}}}\n---\nvars: {m: {a: {x: 2, y: 3}}}\n") ==
        "{hadeploy_action: deploy, m: {a: {x: 2, y: 3}}}");
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
  sources.load({"a=\xFF"});
  CHECK(sources.messages() == "command line: --var: the value of 'a' is not UTF-8 text");
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
  sources.file("c.yml", "a: ${x}\n");
  sources.load({"b.yml", "c.yml"});
  CHECK(sources.messages() == "b.yml:2:1: a ',' or '}' is expected here, in the map that begins at 1:7");
}

TEST_CASE("levels that variables add meet a limit") {
  Sources sources;
  std::string text = "vars:\n  v0: [1]\n";
  for (int i = 1; i < 70; ++i) text += "  v" + std::to_string(i) + ": ['${v" + std::to_string(i - 1) + "}']\n";
  CHECK(sources.messagesOf(text) == "a.yml:64:10: /vars/v62/0: more than 64 levels of maps and lists");
}

TEST_CASE("a long text in a message is cut") {
  Sources sources;
  const auto message = sources.messagesOf("a: ${" + std::string(5000, 'x') + "}\n");
  CHECK(message.size() < 600);
  CHECK(message.find("xxx...") != std::string::npos);
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
