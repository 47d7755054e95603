// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cstdlib>

#include "ctl/deploy/sources/expansion.hpp"
#include "ctl/deploy/yaml/parser.hpp"
#include "tests/unit/deploy/node_text.hpp"

namespace {

constexpr const char* kVariables =
    "text: hello\nnumber: 5\nmode: 0755\nreal: 1.10\nyes_: yes\nno_: No\nempty: ''\nquoted: \"5\"\n"
    "list: [a, b, c]\nmap: {key: value, deep: {list: [1, 2]}, 'x-y': 1}\npath: /opt/app/run.sh\n";

deploy::Variables variables() {
  deploy::Variables result("deploy");
  deploy::Anchors anchors;
  deploy::Allowance allowance;
  deploy::Problems problems;
  auto documents = deploy::parseYaml("v.yml", kVariables, anchors, allowance, problems);
  for (auto& member : documents.roots.at(0).members) result.set(std::move(member), problems);
  return result;
}

core::Result<deploy::Node, deploy::Complaint> expand(const std::string& text) {
  static const auto kKnown = variables();
  deploy::Node scalar;
  scalar.text = text;
  deploy::Allowance allowance;
  return deploy::expandScalar(scalar, kKnown, allowance);
}

/// What becomes of a text.
std::string expanded(const std::string& text) {
  const auto result = expand(text);
  return result ? textOf(*result) : "complaint: " + result.error().reason;
}

/// The complaint about a text: "OFFSET: reason (suggestion)"; KEEP is the one about %{raw}.
std::string complaint(const std::string& text) {
  const auto result = expand(text);
  if (result) return "accepted: " + textOf(*result);
  const auto& error = result.error();
  std::string suggestion = error.suggestion.empty() ? "" : " (" + error.suggestion + ")";
  if (error.suggestion == "to keep such a text unchanged, put it between %{raw} and %{endraw}") suggestion = " (KEEP)";
  return std::to_string(error.offset) + ": " + error.reason + suggestion;
}

/// The value of one expression.
std::string value(const std::string& expression) { return expanded("${" + expression + "}"); }

}  // namespace

TEST_CASE("a text without expressions stays as it is") {
  for (const std::string text : {"", "a", "a >> b", "cat << EOF", "{{ x }}", "{{{ x }}}", "{% if x %}", "$HOME", "50%",
                                 "# { }", "${{ x }}", "5%{{ x }}#{{ y }}", "a >> b << c", "{", "}"})
    CHECK(expanded(text) == text);
}

TEST_CASE("an expression is replaced by what the user wrote") {
  CHECK(expanded("${text}") == "hello");
  CHECK(expanded("a-${number}/${ mode }-${real}") == "a-5/0755-1.10");
  CHECK(expanded("${yes_} ${no_}") == "yes No");
  CHECK(expanded("{{ hostvars['${text}'].x }}") == "{{ hostvars['hello'].x }}");
  CHECK(expanded("${hadeploy_action}") == "deploy");
}

TEST_CASE("angles are an expression if both are there") {
  CHECK(expanded("<<text>>") == "hello");
  CHECK(expanded("a <<number + 1>> b") == "a 6 b");
  CHECK(expanded("<<list>>") == "[a, b, c]");
  CHECK(expanded("<<text>> >> file") == "hello >> file");
}

TEST_CASE("an expression ends at the first brace outside of quotes and brackets") {
  CHECK(expanded("${'}'}x") == "}x");
  CHECK(expanded("${text ~ \"}\\\"}\"}") == "hello}\"}");
  CHECK(expanded("${list[0]}}") == "a}");
}

TEST_CASE("one expression of a list or map is that list or map") {
  CHECK(expanded("${list}") == "[a, b, c]");
  CHECK(expanded("${map.deep}") == "{list: [1, 2]}");
  CHECK(complaint("x ${list}") == "2: a list cannot be part of a text (join it: ${list|join(',')})");
  CHECK(complaint("${map}${map}") == "0: a map cannot be part of a text (take one of its values: ${map.key})");
}

TEST_CASE("attributes and indexes") {
  CHECK(value("map.key") == "value");
  CHECK(value("map['x-y']") == "1");
  CHECK(value("map.deep.list[1]") == "2");
  CHECK(value("list[-1] ~ list.0") == "ca");
  CHECK(value("list[1 - 1]") == "a");
}

TEST_CASE("literals and operators") {
  CHECK(value("1 + 2 * 3") == "7");
  CHECK(value("(1 + 2) * 3") == "9");
  CHECK(value("number + mode") == "760");
  CHECK(value("real * 2") == "2.2");
  CHECK(value("6 / 2") == "3.0");
  CHECK(value("7 // 2 ~ ' ' ~ 7 % 2") == "3 1");
  CHECK(value("-7 // 2 ~ ' ' ~ -7 % 2 ~ ' ' ~ 7 // -2") == "-4 1 -4");
  CHECK(value("7.5 // 2") == "3.0");
  CHECK(value("'a' + 'b' ~ 1 ~ true") == "ab1true");
  CHECK(value("list + ['d', 1]") == "[a, b, c, \"d\", 1]");
  CHECK(value("- number") == "-5");
  CHECK(value("'\\n\\x'") == "\n\\x");
}

TEST_CASE("comparisons and logic") {
  CHECK(value("number == 5 and number < 6 and number >= 5") == "true");
  CHECK(value("number == 5.0") == "true");
  CHECK(value("quoted == 5") == "false");
  CHECK(value("quoted == '5'") == "true");
  CHECK(value("text != 'hello'") == "false");
  CHECK(value("'a' < 'b'") == "true");
  CHECK(value("yes_ == true") == "true");
  CHECK(value("not yes_ or not no_") == "true");
  CHECK(value("'a' in list and 'z' not in list and 'key' in map and 'ell' in text") == "true");
  CHECK(value("list == ['a', 'b', 'c']") == "true");
  CHECK(value("map.deep == map.deep and map != list") == "true");
  CHECK(value("empty or 'x'") == "x");
  CHECK(value("text and number") == "5");
  CHECK(value("'a' if no_ else 'b' if no_ else 'c'") == "c");
}

TEST_CASE("what is not evaluated may be undefined") {
  CHECK(value("1 if yes_ else nothing") == "1");
  CHECK(value("no_ and nothing") == "No");
  CHECK(value("nothing is defined or map.none.more is defined or text is undefined") == "false");
  CHECK(value("nothing is not defined and text is not undefined") == "true");
}

TEST_CASE("filters") {
  CHECK(value("nothing|default('d') ~ map.x|d('e') ~ list[9]|default") == "de");
  CHECK(value("empty|default('d') ~ '.' ~ empty|default('d', true)") == ".d");
  CHECK(value("text|upper|lower|replace('l', 'LL')") == "heLLLLo");
  CHECK(value("'  x '|trim") == "x");
  CHECK(value("list|join('-') ~ list|join") == "a-b-cabc");
  CHECK(value("'12'|int + ' 3.9 '|int + 'x'|int + 'x'|int(100)") == "115");
  CHECK(value("['yes'|bool, 'OFF'|bool, '1'|bool, 0|bool]") == "[true, false, true, false]");
  CHECK(value("[list|length, text|length, map|count, '\xC3\xA9'|length]") == "[3, 5, 3, 1]");
  CHECK(value("list|first ~ list|last") == "ac");
  CHECK(value("path|basename ~ ' ' ~ path|dirname") == "run.sh /opt/app");
}

TEST_CASE("conditions, raw texts and comments") {
  CHECK(expanded("%{if yes_}a%{elif nothing}b%{else}c%{endif}d") == "ad");
  CHECK(expanded("%{if no_}a%{elif number == 5}b%{else}c%{endif}") == "b");
  CHECK(expanded("%{ if no_ }a%{ else }c${number}%{ endif }") == "c5");
  CHECK(expanded("%{if no_}${nothing}%{if nothing}x%{endif}%{endif}.") == ".");
  CHECK(expanded("%{raw}${HOME} <<x>> %{if%{endraw}${number}") == "${HOME} <<x>> %{if5");
  CHECK(expanded("%{ raw }endraw %{ endraw }.") == "endraw .");
  CHECK(expanded("a#{ comment ${ }b") == "ab");
}

TEST_CASE("an inserted value is not expanded again") {
  deploy::Variables known("deploy");
  deploy::Problems problems;
  deploy::Node raw;
  raw.text = "${number} <<number>>";
  known.set({"raw", {}, raw}, problems);
  deploy::Node scalar;
  scalar.text = "${raw}";
  deploy::Allowance allowance;
  CHECK(textOf(deploy::expandScalar(scalar, known, allowance).value()) == "${number} <<number>>");
}

TEST_CASE("the environment") {
  REQUIRE(::setenv("DEPLOY_TEST", "secret", 1) == 0);
  CHECK(value("env.DEPLOY_TEST ~ env['DEPLOY_TEST']") == "secretsecret");
  CHECK(value("env.DEPLOY_NONE|default('x')") == "x");
  CHECK(complaint("${env.DEPLOY_NONE}") == "6: the environment variable 'DEPLOY_NONE' is not set");
  CHECK(complaint("${env}") == "0: the environment is not a value (take one of its variables: ${env.HOME})");
  CHECK(expand("${env.DEPLOY_TEST|upper}")->hidden);
  CHECK(expand("x${env.DEPLOY_TEST}")->hidden);
  CHECK(expand("${'a' ~ env.DEPLOY_TEST}")->hidden);
  CHECK(expand("${['a', env.DEPLOY_TEST]|join}")->hidden);
  CHECK_FALSE(expand("x${number}")->hidden);
  REQUIRE(::setenv("DEPLOY_TEST", "\xFF", 1) == 0);
  CHECK(complaint("${env.DEPLOY_TEST}") == "6: the environment variable 'DEPLOY_TEST' is not UTF-8 text");
  REQUIRE(::setenv("DEPLOY_TEST", "secret", 1) == 0);
  CHECK(complaint("${env.DEPLOY_TEST|bool}") == "18: the text is not a boolean (write yes or no)");
  deploy::Variables known("deploy");
  deploy::Problems problems;
  known.set({"env", {}, *expand("own")}, problems);
  known.set({"password", {}, *expand("${env.DEPLOY_TEST}")}, problems);
  deploy::Allowance allowance;
  CHECK(textOf(deploy::expandScalar(*expand("%{raw}${env}%{endraw}"), known, allowance).value()) == "own");
  const auto password = deploy::expandScalar(*expand("%{raw}x${password}%{endraw}"), known, allowance);
  CHECK(password->text == "xsecret");
  CHECK(password->hidden);
}

TEST_CASE("what is undefined is named, with a similar name") {
  CHECK(complaint("a ${texd}") == "4: the variable 'texd' is not defined before this place (did you mean 'text'?)");
  CHECK(complaint("${HOME}") == "2: the variable 'HOME' is not defined before this place (KEEP)");
  CHECK(complaint("${map.kex}") == "6: 'map.kex' is not defined (did you mean 'key'?)");
  CHECK(complaint("${map.deep.list[7]}") == "16: 'map.deep.list[7]' is not defined");
  CHECK(complaint("${nowhere.a.b}").starts_with("12: the variable 'nowhere' is not defined"));
  CHECK(complaint("${'a' if no_}") == "6: the condition is false, and there is not an 'else'");
}

TEST_CASE("what the language does not have is named") {
  CHECK(complaint("${text|uper}") == "7: the filter 'uper' is not known (did you mean 'upper'?)");
  CHECK(
      complaint("${text|zzzzzzz}").starts_with("7: the filter 'zzzzzzz' is not known (filters are: default, d, lower"));
  CHECK(complaint("${text.upper()}") == "12: calls are not supported (use a filter, such as x|upper)");
  CHECK(complaint("${list[0:1]}") == "8: slices are not supported (KEEP)");
  CHECK(complaint("${text is string}") ==
        "10: the test 'is string' is not known (tests are: defined, undefined, and 'not' with these)");
  CHECK(complaint("%{for x in list}") ==
        "0: the statement '%{for x in list}' is not known (statements are: if, elif, else, endif, raw, endraw)");
  CHECK(complaint("${ {} }") == "3: maps are not supported in an expression (define a variable)");
  CHECK(complaint("${1 < 2 < 3}") == "8: comparisons cannot follow each other (write 'a < b and b < c')");
  CHECK(complaint("${text|replace('a')}") == "7: the filter 'replace' needs 2 arguments, not 1");
  CHECK(complaint("${a ? b}") == "4: '?' is not allowed in an expression (KEEP)");
}

TEST_CASE("mistakes in an expression") {
  CHECK(complaint("${}") == "2: the expression is not complete (KEEP)");
  CHECK(complaint("${1 +}") == "5: the expression is not complete (KEEP)");
  CHECK(complaint("${(1}").starts_with("0: the expression '${' has no '}'"));
  CHECK(complaint("${text").starts_with("0: the expression '${' has no '}'"));
  CHECK(complaint("${text text}") == "7: unexpected 'text' (KEEP)");
  CHECK(complaint("${else}") == "2: unexpected 'else' (KEEP)");
  CHECK(complaint("${text + 1}") == "7: '+' is not possible with a text and a number (join texts and numbers with ~)");
  CHECK(complaint("${list < 1}") == "7: '<' is not possible with a list and a number");
  CHECK(complaint("${1 / 0}") == "4: division by zero");
  CHECK(complaint("${1 % 0.0}") == "4: division by zero");
  CHECK(complaint("${text.a}") == "7: a text does not have 'a'");
  CHECK(complaint("${text|join}") == "7: 'join' needs a list, but this is a text");
  CHECK(complaint("${list|upper}") == "7: a text is needed, but this is a list");
  CHECK(complaint("${'maybe'|bool}") == "10: 'maybe' is not a boolean (write yes or no)");
  CHECK(complaint("${[]|first}") == "5: 'first' needs a list that is not empty");
  CHECK(complaint("${99999999999999999999}") == "2: the number is too large (KEEP)");
  CHECK(complaint("${9223372036854775807 + 1}") == "22: the number is too large");
  CHECK(complaint("${(-9223372036854775807 - 1) // -1}") == "29: the number is too large");
}

TEST_CASE("mistakes in statements") {
  CHECK(complaint("%{if yes_}x") == "0: '%{if}' without '%{endif}' (add %{endif} at its end)");
  CHECK(complaint("x%{endif}") == "1: '%{endif}' without '%{if}'");
  CHECK(complaint("%{if yes_}%{else}%{else}%{endif}") == "17: '%{else}' after '%{else}'");
  CHECK(complaint("%{if yes_}%{else x}") == "16: '%{else}' does not take a test");
  CHECK(complaint("%{if yes_ +}") == "11: the expression is not complete (KEEP)");
  CHECK(complaint("%{raw}x") == "0: '%{raw}' without '%{endraw}' (add %{endraw} at its end)");
  CHECK(complaint("%{if").starts_with("0: the statement '%{' has no '}'"));
  CHECK(complaint("#{x").starts_with("0: the comment '#{' has no '}'"));
}

TEST_CASE("hostile expressions meet a limit") {
  const auto repeat = [](const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  CHECK(complaint("${" + repeat("(", 100'000) + repeat(")", 100'000) + "}").find("nested too deeply") !=
        std::string::npos);
  CHECK(complaint("${" + repeat("not ", 100'000) + "1}").find("nested too deeply") != std::string::npos);
  CHECK(complaint("${" + repeat("- ", 100'000) + "1}").find("nested too deeply") != std::string::npos);
  CHECK(complaint("${1" + repeat(" + 1", 100'000) + "}").find("the expression is too long") != std::string::npos);
  CHECK(complaint("${text" + repeat("|upper", 100'000) + "}").find("the expression is too long") != std::string::npos);
  CHECK(complaint("${1" + repeat(" if 1 else 1", 100'000) + "}").find("nested too deeply") != std::string::npos);
  CHECK(complaint(repeat("%{if 1}", 100'000)).find("too many '%{if}' inside each other") != std::string::npos);
  CHECK(complaint("%{raw}" + repeat("%{", 1'000'000)).starts_with("0: '%{raw}' without '%{endraw}'"));
  CHECK(complaint(repeat("${", 1'000'000)).starts_with("0: the expression '${' has no '}'"));
  const auto big = "'" + repeat("x", 100'000) + "'";
  CHECK(complaint("${" + big + "|replace('x', " + big + ")}").find("more than 1 MiB") != std::string::npos);
  const auto lists = "[" + repeat("list + list + list,", 60'000) + "]";
  CHECK(complaint("${" + lists + "}").find("the sources have more than 500000 values") != std::string::npos);
  const auto sums = "[" + repeat("(list + list)|length,", 100'000) + "]";
  CHECK(complaint("${" + sums + "}").find("the sources have more than 500000 values") != std::string::npos);
}
